import { Ban } from "lucide-react";
import { type ApiKey, KEY_PREFIX } from "../../../../functions/_shared/contracts/api_keys.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { DateTime } from "../../ui/Values.tsx";

/** How a key stands: it ends by being revoked, or by itself. */
function stateOf({ revoked_at, expires_at }: ApiKey): { label: string; tone: Tone } {
  if (revoked_at !== null) return { label: "Revoked", tone: "red" };
  if (expires_at !== null && Date.parse(expires_at) <= Date.now())
    return { label: "Expired", tone: "amber" };
  return { label: "Active", tone: "green" };
}

type Props = { apiKey: ApiKey; busy: boolean; onRevoke: () => void };

/** One key: what it may, until when, and when it was used last. */
export function ApiKeyRow({ apiKey, busy, onRevoke }: Props) {
  const { label, prefix, role, scopes, created_at, expires_at, revoked_at } = apiKey;
  const state = stateOf(apiKey);
  return (
    <li className="flex items-center gap-3 border-line border-t px-4 py-3 text-sm md:px-5">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <bdi className="min-w-0 truncate font-medium">{label}</bdi>
          <span suppressHydrationWarning>
            <Badge tone={state.tone} dot>
              {state.label}
            </Badge>
          </span>
          <Badge>{role}</Badge>
        </p>
        <p className="mt-1 break-words text-muted text-xs">
          <code className="font-mono">
            {KEY_PREFIX}
            {prefix}_…
          </code>{" "}
          · {scopes === null ? "whatever the role may" : scopes.join(", ")}
        </p>
        <p className="mt-0.5 text-faint text-xs">
          made <DateTime value={created_at} />
          {revoked_at ? (
            <>
              {" "}
              · revoked <DateTime value={revoked_at} time />
            </>
          ) : null}
          {expires_at && !revoked_at ? (
            <>
              {" "}
              · until <DateTime value={expires_at} time />
            </>
          ) : null}{" "}
          · <LastUse apiKey={apiKey} />
        </p>
      </div>
      {revoked_at === null ? (
        <Button
          variant="ghost"
          size="icon"
          aria-label={`Revoke ${label}`}
          disabled={busy}
          onClick={onRevoke}
        >
          <Ban aria-hidden="true" />
        </Button>
      ) : null}
    </li>
  );
}

function LastUse({ apiKey: { last_used_at, last_used_ip } }: { apiKey: ApiKey }) {
  if (last_used_at === null) return <>never used</>;
  return (
    <>
      last used <DateTime value={last_used_at} time />
      {last_used_ip ? <> from {last_used_ip}</> : null}
    </>
  );
}
