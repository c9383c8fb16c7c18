import { type SubmitEvent, useState } from "react";
import type { AnalystLogin, NewAnalyst } from "../../../../functions/_shared/contracts/analysts.ts";
import { ApiError } from "../../lib/api/client.ts";
import { Button } from "../../ui/Button.tsx";
import { useApi } from "../../ui/context.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select } from "../../ui/Input.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { EXPIRIES, expiresAt } from "../api-keys/expiry.ts";

type Props = { onClose: () => void; onMade: (login: AnalystLogin) => void };

/** Makes a login for somebody, or for a program of theirs. */
export function NewLoginDialog({ onClose, onMade }: Props) {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<{ form?: string; label?: string }>({});

  async function make(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const until = expiresAt(String(form.get("expiry")));
    const body: NewAnalyst = {
      label: String(form.get("label") ?? "").trim(),
      ...(until ? { expires_at: until } : {}),
    };
    setBusy(true);
    setRefusal({});
    try {
      onMade(await api<AnalystLogin>("POST", "/analysts", { body }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const label = error.fields.find(({ path }) => path === "label")?.message;
      setRefusal(label ? { label } : { form: error.message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog open onClose={onClose} title="New login">
      <form noValidate onSubmit={(event) => void make(event)} className="flex min-h-0 flex-col">
        <DialogBody className="flex flex-col gap-4">
          {refusal.form ? <Notice kind="danger">{refusal.form}</Notice> : null}
          <Field
            label="Label"
            hint="Whose it is and what for, such as Ana, Metabase."
            error={refusal.label}
          >
            {(field) => (
              <Input {...field} data-autofocus="" name="label" autoComplete="off" maxLength={200} />
            )}
          </Field>
          <Field label="Ends">
            {(field) => (
              <Select {...field} name="expiry" defaultValue="365">
                {EXPIRIES.map(({ value, label }) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy}>
            Make the login
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  );
}
