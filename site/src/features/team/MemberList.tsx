import { UserMinus } from "lucide-react";
import { useState } from "react";
import type { Member, Role } from "../../../../functions/_shared/contracts/tenancy.ts";
import { initials } from "../../lib/initials.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Select } from "../../ui/Input.tsx";
import { DateTime } from "../../ui/Values.tsx";

type Props = {
  members: readonly Member[];
  /** The caller's own id. */
  self: string;
  /** The roles the caller may give and take. */
  managed: readonly Role[];
  busy: boolean;
  onRole: (member: Member, role: Role) => void;
  onRemove: (member: Member) => void;
};

/** Who works in the tenant, and as what. */
export function MemberList({ members, self, managed, busy, onRole, onRemove }: Props) {
  const [leaving, setLeaving] = useState<Member | null>(null);
  return (
    <section aria-labelledby="members" className="panel">
      <h2 id="members" className="px-4 pt-3.5 pb-2.5 font-semibold text-sm md:px-5">
        Members <span className="numeric font-normal text-faint">{members.length}</span>
      </h2>
      <ul className="text-sm">
        {members.map((member) => {
          const mayManage = managed.includes(member.role);
          const shown = member.name ?? member.email;
          return (
            <li
              key={member.user_id}
              className="flex flex-wrap items-center justify-end gap-x-3 gap-y-1.5 border-line border-t px-4 py-2.5 md:px-5"
            >
              <span
                className="flex size-8 shrink-0 items-center justify-center rounded-full bg-grey-soft font-semibold text-muted text-xs"
                aria-hidden="true"
              >
                {initials(shown, 2)}
              </span>
              <div className="min-w-44 flex-1">
                <p className="flex flex-wrap items-center gap-x-2">
                  <bdi className="font-medium [overflow-wrap:anywhere]">{shown}</bdi>
                  {member.user_id === self ? <Badge tone="accent">You</Badge> : null}
                </p>
                <p className="text-faint text-xs [overflow-wrap:anywhere]">
                  {member.email}
                  <span className="max-sm:hidden">
                    {" "}
                    · since <DateTime value={member.joined_at} />
                  </span>
                </p>
              </div>
              {mayManage ? (
                <>
                  <Select
                    aria-label={`Role of ${shown}`}
                    className="max-w-28 text-sm"
                    value={member.role}
                    disabled={busy}
                    onChange={(event) => onRole(member, event.target.value as Role)}
                  >
                    {managed.map((role) => (
                      <option key={role}>{role}</option>
                    ))}
                  </Select>
                  <Button
                    variant="ghost"
                    size="icon"
                    aria-label={`Remove ${shown}`}
                    disabled={busy}
                    onClick={() => setLeaving(member)}
                  >
                    <UserMinus aria-hidden="true" />
                  </Button>
                </>
              ) : (
                <Badge>{member.role}</Badge>
              )}
            </li>
          );
        })}
      </ul>
      {leaving ? (
        <ConfirmDialog
          danger
          title={`Remove ${leaving.name ?? leaving.email}?`}
          description="They lose access at once. What they did stays, under their name."
          keep="Keep"
          action="Remove"
          onClose={() => setLeaving(null)}
          onConfirm={() => onRemove(leaving)}
        />
      ) : null}
    </section>
  );
}
