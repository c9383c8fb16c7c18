import { Ban, Plus, RotateCw } from "lucide-react";
import { useState } from "react";
import type { Analyst } from "../../../../functions/_shared/contracts/analysts.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { LoginDialog } from "./LoginDialog.tsx";
import { NewLoginDialog } from "./NewLoginDialog.tsx";
import { useAnalysts } from "./use-analysts.ts";

type Asked = { what: "rotate" | "revoke"; analyst: Analyst };

/** The logins for other programs: who has one, since when, and when it was used. */
export function LoginsCard({ initial }: { initial: readonly Analyst[] | null }) {
  const { analysts, busy, login, forget, reload, made, rotate, revoke } = useAnalysts(initial);
  const [making, setMaking] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <section aria-labelledby="logins" className="panel overflow-hidden">
      <div className="flex flex-wrap items-start justify-between gap-3 px-4 pt-4 pb-3.5 md:px-5">
        <div className="min-w-52 flex-1">
          <h2 id="logins" className="font-semibold text-sm">
            Logins for other programs
          </h2>
          <p className="mt-1 text-muted text-sm">
            For psql, Metabase, Excel or a notebook: each reads the views of this tenant, changes
            nothing, and everything it does is in the audit log.
          </p>
        </div>
        <Button onClick={() => setMaking(true)}>
          <Plus aria-hidden="true" />
          New login
        </Button>
      </div>
      {analysts === null ? (
        <div className="px-4 pb-4 md:px-5">
          <Notice
            kind="danger"
            title="The logins could not be loaded."
            action={
              <Button size="sm" busy={busy} onClick={() => void reload()}>
                Try again
              </Button>
            }
          />
        </div>
      ) : null}
      {analysts?.length === 0 ? (
        <p className="border-line border-t px-5 py-6 text-center text-muted text-sm">
          Nobody has a login yet.
        </p>
      ) : null}
      <ul aria-label="Logins" className="text-sm">
        {analysts?.map((analyst) => (
          <LoginRow
            key={analyst.role_name}
            analyst={analyst}
            busy={busy}
            onRotate={() => setAsked({ what: "rotate", analyst })}
            onRevoke={() => setAsked({ what: "revoke", analyst })}
          />
        ))}
      </ul>
      {making ? (
        <NewLoginDialog
          onClose={() => setMaking(false)}
          onMade={(one) => {
            setMaking(false);
            made(one);
          }}
        />
      ) : null}
      {login ? <LoginDialog login={login} onClose={forget} /> : null}
      {asked?.what === "rotate" ? (
        <ConfirmDialog
          title={`A new password for ${asked.analyst.label}?`}
          description="The present one ends at once, and what is open with it is closed."
          action="New password"
          onClose={() => setAsked(null)}
          onConfirm={() => void rotate(asked.analyst)}
        />
      ) : null}
      {asked?.what === "revoke" ? (
        <ConfirmDialog
          danger
          title={`Revoke ${asked.analyst.label}?`}
          description="Its connections are closed at once. A revoked login does not come back."
          action="Revoke"
          onClose={() => setAsked(null)}
          onConfirm={() => void revoke(asked.analyst)}
        />
      ) : null}
    </section>
  );
}

function stateOf({ revoked_at, expires_at }: Analyst): { label: string; tone: Tone } {
  if (revoked_at !== null) return { label: "Revoked", tone: "red" };
  if (expires_at !== null && Date.parse(expires_at) <= Date.now())
    return { label: "Expired", tone: "amber" };
  return { label: "Active", tone: "green" };
}

type RowProps = {
  analyst: Analyst;
  busy: boolean;
  onRotate: () => void;
  onRevoke: () => void;
};

function LoginRow({ analyst, busy, onRotate, onRevoke }: RowProps) {
  const { label, role_name, created_at, expires_at, last_login_at, revoked_at } = analyst;
  const state = stateOf(analyst);
  return (
    <li className="flex items-center gap-2 border-line border-t px-4 py-2.5 md:px-5">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <bdi className="min-w-0 truncate font-medium">{label}</bdi>
          <span suppressHydrationWarning>
            <Badge tone={state.tone} dot>
              {state.label}
            </Badge>
          </span>
        </p>
        <p className="mt-0.5 text-faint text-xs">
          <code className="break-all font-mono">{role_name}</code> · made{" "}
          <DateTime value={created_at} />
          {expires_at && !revoked_at ? (
            <>
              {" "}
              · until <DateTime value={expires_at} time />
            </>
          ) : null}{" "}
          ·{" "}
          {last_login_at ? (
            <>
              last login <DateTime value={last_login_at} time />
            </>
          ) : (
            "never logged in"
          )}
        </p>
      </div>
      {revoked_at === null ? (
        <div className="flex">
          <Button
            variant="ghost"
            size="icon"
            aria-label={`New password for ${label}`}
            disabled={busy}
            onClick={onRotate}
          >
            <RotateCw aria-hidden="true" />
          </Button>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Revoke ${label}`}
            disabled={busy}
            onClick={onRevoke}
          >
            <Ban aria-hidden="true" />
          </Button>
        </div>
      ) : null}
    </li>
  );
}
