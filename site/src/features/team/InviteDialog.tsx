import { Copy } from "lucide-react";
import { type SubmitEvent, useState } from "react";
import type { CreatedInvitation, Role } from "../../../../functions/_shared/contracts/tenancy.ts";
import { ApiError } from "../../lib/api/client.ts";
import { MAY } from "../../lib/roles.ts";
import { Button } from "../../ui/Button.tsx";
import { useApi } from "../../ui/context.tsx";
import { copyText } from "../../ui/copy.ts";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select } from "../../ui/Input.tsx";
import { Notice } from "../../ui/Notice.tsx";

type Props = { roles: readonly Role[]; onClose: () => void; onInvited: () => void };

/** Invites somebody by mail; a link that does the same is shown once. */
export function InviteDialog({ roles, onClose, onInvited }: Props) {
  const api = useApi();
  const [role, setRole] = useState<Role>(roles.includes("member") ? "member" : "viewer");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<{ form?: string; email?: string }>({});
  const [made, setMade] = useState<CreatedInvitation | null>(null);

  async function invite(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const email = String(new FormData(event.currentTarget).get("email") ?? "");
    setBusy(true);
    setRefusal({});
    try {
      setMade(await api<CreatedInvitation>("POST", "/invitations", { body: { email, role } }));
      onInvited();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const field = error.fields.find(({ path }) => path === "email");
      setRefusal(field ? { email: field.message } : { form: error.message });
    } finally {
      setBusy(false);
    }
  }

  if (made) {
    return (
      <Dialog
        open
        onClose={onClose}
        title="Invitation sent"
        description={`A mail with a link was sent to ${made.email}, to join as ${made.role}.`}
      >
        <DialogBody>
          <Field
            label="Link"
            hint="A second way in, should the mail not arrive. Shown only now; the invitation can be accepted once."
          >
            {(field) => (
              <Input
                {...field}
                data-autofocus=""
                readOnly
                value={made.accept_url}
                onFocus={(event) => event.target.select()}
              />
            )}
          </Field>
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Done</Button>
          <Button variant="primary" onClick={() => copyText(made.accept_url, "The link")}>
            <Copy aria-hidden="true" />
            Copy link
          </Button>
        </DialogFooter>
      </Dialog>
    );
  }
  return (
    <Dialog open onClose={onClose} title="Invite somebody" size="sm">
      <form noValidate onSubmit={(event) => void invite(event)}>
        <DialogBody className="flex flex-col gap-4">
          {refusal.form ? <Notice kind="danger">{refusal.form}</Notice> : null}
          <Field label="E-mail" error={refusal.email}>
            {(field) => (
              <Input {...field} data-autofocus="" type="email" name="email" autoComplete="off" />
            )}
          </Field>
          <Field label="Role" hint={`A ${role} ${MAY[role]}.`}>
            {(field) => (
              <Select
                {...field}
                value={role}
                onChange={(event) => setRole(event.target.value as Role)}
              >
                {roles.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </Select>
            )}
          </Field>
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy}>
            Send invitation
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  );
}
