import { CloudOff, Plus, Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import type { Webhook } from "../../../../functions/_shared/contracts/webhooks.ts";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider } from "../../ui/context.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { EndpointDialog } from "./EndpointDialog.tsx";
import { EndpointRow } from "./EndpointRow.tsx";
import { SamplesCard } from "./SamplesCard.tsx";
import { SecretDialog } from "./SecretDialog.tsx";

type Props = {
  page: PageContext;
  /** Null when they could not be fetched. */
  initial: readonly Webhook[] | null;
};

/** The island of the webhooks' page: the endpoints, and how deliveries are verified. */
export function WebhooksPage({ page, initial }: Props) {
  return (
    <PageProvider page={page}>
      <Webhooks initial={initial} />
    </PageProvider>
  );
}

function Webhooks({ initial }: Pick<Props, "initial">) {
  const [endpoints, setEndpoints] = useState(initial);
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const add = (
    <Button variant="primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden="true" />
      Add an endpoint
    </Button>
  );
  return (
    <>
      <PageHeader title="Webhooks">{endpoints?.length ? add : null}</PageHeader>
      <div className="flex max-w-4xl flex-col gap-6 px-4 pt-1 pb-10 md:px-6">
        {endpoints === null ? (
          <div role="alert">
            <EmptyState
              icon={<CloudOff aria-hidden="true" />}
              title="The webhooks could not be loaded"
              action={<Button onClick={() => location.reload()}>Try again</Button>}
            >
              Kontor did not answer.
            </EmptyState>
          </div>
        ) : null}
        {endpoints?.length === 0 ? (
          <EmptyState
            icon={<WebhookIcon aria-hidden="true" />}
            title="No webhooks yet"
            action={add}
          >
            Kontor can tell other programs what happens here: an order placed, a customer changed,
            an export ready.
          </EmptyState>
        ) : null}
        {endpoints && endpoints.length > 0 ? (
          <ul
            aria-label="Endpoints"
            className="panel overflow-hidden [&>li:first-child]:border-t-0"
          >
            {endpoints.map((endpoint) => (
              <EndpointRow key={endpoint.id} endpoint={endpoint} />
            ))}
          </ul>
        ) : null}
        <SamplesCard />
      </div>
      {adding ? (
        <EndpointDialog
          onClose={() => setAdding(false)}
          onSaved={(made, shown) => {
            setEndpoints((all) => [made, ...(all ?? [])]);
            setAdding(false);
            setSecret(shown ?? null);
          }}
        />
      ) : null}
      {secret ? <SecretDialog secret={secret} onClose={() => setSecret(null)} /> : null}
    </>
  );
}
