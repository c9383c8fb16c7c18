import { UserPlus } from "lucide-react";
import { useState } from "react";
import type { Invitation, Member, Role } from "../../../../functions/_shared/contracts/tenancy.ts";
import { ApiError } from "../../lib/api/client.ts";
import { ROLES } from "../../lib/roles.ts";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useApi, usePage } from "../../ui/context.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { toast } from "../../ui/toast.ts";
import { InvitationList } from "./InvitationList.tsx";
import { InviteDialog } from "./InviteDialog.tsx";
import { MemberList } from "./MemberList.tsx";

type Props = { page: PageContext; self: string; members: Member[]; invitations: Invitation[] };

/** The island of the team's page. */
export function TeamPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Team {...rest} />
    </PageProvider>
  );
}

/** The roles that somebody with `role` may give and take: owners all, others those below their own. */
export function managedRoles(role: Role): readonly Role[] {
  return role === "owner" ? ROLES : ROLES.slice(0, ROLES.indexOf(role));
}

function Team({
  self,
  members: initialMembers,
  invitations: initialInvitations,
}: Omit<Props, "page">) {
  const api = useApi();
  const { tenant } = usePage();
  const [members, setMembers] = useState(initialMembers);
  const [invitations, setInvitations] = useState(initialInvitations);
  const [inviting, setInviting] = useState(false);
  const [busy, setBusy] = useState(false);

  async function reload() {
    const [people, open] = await Promise.all([
      api<{ data: Member[] }>("GET", "/members"),
      api<{ data: Invitation[] }>("GET", "/invitations"),
    ]);
    setMembers(people.data);
    setInvitations(open.data);
  }

  /** Does something, says how it went, and shows the team as it is then. */
  async function attempt(failure: string, success: string, work: () => Promise<unknown>) {
    setBusy(true);
    try {
      await work();
      await reload();
      toast({ kind: "success", title: success });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: failure, detail: error.message });
      await reload().catch(() => undefined);
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <PageHeader title="Team">
        <Button variant="primary" onClick={() => setInviting(true)}>
          <UserPlus aria-hidden="true" />
          Invite
        </Button>
      </PageHeader>
      <div className="flex max-w-4xl flex-col gap-6 px-4 pt-1 pb-10 md:px-6">
        <MemberList
          members={members}
          self={self}
          managed={managedRoles(tenant.role)}
          busy={busy}
          onRole={({ user_id, email }, role) =>
            attempt(`The role of ${email} was not changed`, `${email} is now ${role}`, () =>
              api("PATCH", `/members/${user_id}`, { body: { role } }),
            )
          }
          onRemove={({ user_id, email }) =>
            attempt(`${email} was not removed`, `${email} removed`, () =>
              api("DELETE", `/members/${user_id}`),
            )
          }
        />
        <InvitationList
          invitations={invitations}
          busy={busy}
          onRevoke={({ id, email }) =>
            attempt("The invitation was not withdrawn", `Invitation for ${email} withdrawn`, () =>
              api("DELETE", `/invitations/${id}`),
            )
          }
        />
      </div>
      {inviting ? (
        <InviteDialog
          roles={managedRoles(tenant.role)}
          onClose={() => setInviting(false)}
          onInvited={() => void reload().catch(() => undefined)}
        />
      ) : null}
    </>
  );
}
