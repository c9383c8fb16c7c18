import { CloudOff, KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import type { ApiKey, MadeApiKey } from "../../../../functions/_shared/contracts/api_keys.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { type PageContext, PageProvider } from "../../ui/context.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { ApiKeyRow } from "./ApiKeyRow.tsx";
import { KeyDialog } from "./KeyDialog.tsx";
import { NewKeyDialog } from "./NewKeyDialog.tsx";
import { useApiKeys } from "./use-api-keys.ts";

type Props = {
  page: PageContext;
  /** Null when they could not be fetched. */
  initial: readonly ApiKey[] | null;
  /** Where programs reach the API. */
  apiUrl: string;
};

/** The island of the API keys' page. */
export function ApiKeysPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <ApiKeys {...rest} />
    </PageProvider>
  );
}

function ApiKeys({ initial, apiUrl }: Omit<Props, "page">) {
  const { keys, busy, reload, made, revoke } = useApiKeys(initial);
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<MadeApiKey | null>(null);
  const [ending, setEnding] = useState<ApiKey | null>(null);
  const make = (
    <Button variant="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden="true" />
      New key
    </Button>
  );
  return (
    <>
      <PageHeader title="API keys">{keys?.length ? make : null}</PageHeader>
      <div className="flex max-w-4xl flex-col gap-4 px-4 pt-1 pb-10 md:px-6">
        {keys === null ? (
          <div role="alert">
            <EmptyState
              icon={<CloudOff aria-hidden="true" />}
              title="The keys could not be loaded"
              action={
                <Button busy={busy} onClick={() => void reload()}>
                  Try again
                </Button>
              }
            >
              Kontor did not answer.
            </EmptyState>
          </div>
        ) : null}
        {keys?.length === 0 ? (
          <EmptyState icon={<KeyRound aria-hidden="true" />} title="No keys yet" action={make}>
            With a key a shop, a script or another program comes in without anybody's password, and
            does no more than you let it.
          </EmptyState>
        ) : null}
        {keys && keys.length > 0 ? (
          <>
            <ul
              aria-label="API keys"
              className="panel overflow-hidden [&>li:first-child]:border-t-0"
            >
              {keys.map((key) => (
                <ApiKeyRow key={key.id} apiKey={key} busy={busy} onRevoke={() => setEnding(key)} />
              ))}
            </ul>
            <p className="text-faint text-xs">
              A key never does more than whoever made it may, and ends when they leave.{" "}
              <a className="link" href="/docs/api">
                What it can call
              </a>
            </p>
          </>
        ) : null}
      </div>
      {making ? (
        <NewKeyDialog
          onClose={() => setMaking(false)}
          onMade={(key) => {
            made(key);
            setMaking(false);
            setShown(key);
          }}
        />
      ) : null}
      {shown ? <KeyDialog made={shown} apiUrl={apiUrl} onClose={() => setShown(null)} /> : null}
      {ending ? (
        <ConfirmDialog
          danger
          title={`Revoke ${ending.label}?`}
          description="Whatever uses it is refused from this moment on. A revoked key does not come back."
          action="Revoke"
          onClose={() => setEnding(null)}
          onConfirm={() => void revoke(ending)}
        />
      ) : null}
    </>
  );
}
