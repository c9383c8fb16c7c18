import { X } from "lucide-react";
import type { Invitation } from "../../../../functions/_shared/contracts/tenancy.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { DateTime } from "../../ui/Values.tsx";

type Props = {
  invitations: readonly Invitation[];
  busy: boolean;
  onRevoke: (invitation: Invitation) => void;
};

/** Invitations that nobody has accepted yet. */
export function InvitationList({ invitations, busy, onRevoke }: Props) {
  return (
    <section aria-labelledby="invitations" className="panel">
      <h2 id="invitations" className="px-4 pt-3.5 pb-2.5 font-semibold text-sm md:px-5">
        Open invitations{" "}
        <span className="numeric font-normal text-faint">{invitations.length}</span>
      </h2>
      {invitations.length === 0 ? (
        <p className="border-line border-t px-5 py-6 text-center text-muted text-sm">
          Nobody is invited at the moment.
        </p>
      ) : null}
      <ul className="text-sm">
        {invitations.map((invitation) => (
          <li
            key={invitation.id}
            className="flex items-center gap-3 border-line border-t px-4 py-2.5 md:px-5"
          >
            <div className="min-w-0 flex-1">
              <bdi className="block font-medium [overflow-wrap:anywhere]">{invitation.email}</bdi>
              <p className="text-faint text-xs">
                valid until <DateTime value={invitation.expires_at} time />
              </p>
            </div>
            <Badge>{invitation.role}</Badge>
            <Button
              variant="ghost"
              size="icon"
              aria-label={`Withdraw the invitation for ${invitation.email}`}
              disabled={busy}
              onClick={() => onRevoke(invitation)}
            >
              <X aria-hidden="true" />
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
