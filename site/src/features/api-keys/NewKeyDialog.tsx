import { type SubmitEvent, useState } from "react";
import {
  domains,
  type MadeApiKey,
  type NewApiKey,
} from "../../../../functions/_shared/contracts/api_keys.ts";
import { ApiError } from "../../lib/api/client.ts";
import { ROLES, type Role } from "../../lib/roles.ts";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { useApi, usePage } from "../../ui/context.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select } from "../../ui/Input.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { EXPIRIES, expiresAt } from "./expiry.ts";
import { NO_SCOPES, ScopeChoice, type Scopes } from "./ScopeChoice.tsx";

type Props = { onClose: () => void; onMade: (key: MadeApiKey) => void };
type Refusal = { form?: string; label?: string };

/** Makes a key: as little as the program needs, to begin with. */
export function NewKeyDialog({ onClose, onMade }: Props) {
  const api = useApi();
  const own = usePage().tenant.role;
  const roles = ROLES.slice(0, ROLES.indexOf(own) + 1);
  const [role, setRole] = useState<Role>("member");
  const [reach, setReach] = useState<"some" | "all">("some");
  const [scopes, setScopes] = useState<Scopes>(NO_SCOPES);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>({});
  const chosen = domains.flatMap((domain) => {
    const may = scopes[domain];
    return may === "none" ? [] : [`${domain}:${may}` as const];
  });

  async function make(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const label = String(form.get("label") ?? "").trim();
    const unchosen = reach === "some" && chosen.length === 0;
    if (unchosen || label === "") {
      setRefusal({
        ...(unchosen ? { form: "Choose what it may read or write." } : {}),
        ...(label === "" ? { label: "Must not be empty." } : {}),
      });
      return;
    }
    const until = expiresAt(String(form.get("expiry")));
    const body: NewApiKey = {
      label,
      role,
      ...(reach === "some" ? { scopes: chosen } : {}),
      ...(until ? { expires_at: until } : {}),
    };
    setBusy(true);
    setRefusal({});
    try {
      onMade(await api<MadeApiKey>("POST", "/api-keys", { body }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const wrong = error.fields.find(({ path }) => path === "label")?.message;
      setRefusal(wrong ? { label: wrong } : { form: error.message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog open onClose={onClose} title="New API key">
      <form noValidate onSubmit={(event) => void make(event)} className="flex min-h-0 flex-col">
        <DialogBody className="flex flex-col gap-4">
          {refusal.form ? <Notice kind="danger">{refusal.form}</Notice> : null}
          <Field label="Label" hint="What it is for, such as Web shop." error={refusal.label}>
            {(field) => (
              <Input {...field} data-autofocus="" name="label" autoComplete="off" maxLength={200} />
            )}
          </Field>
          <div className="grid items-start gap-4 sm:grid-cols-2">
            <Field label="Role" hint="At most your own.">
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
          </div>
          <Choice
            label="What it may"
            options={[
              { value: "some", label: "Only what I choose" },
              { value: "all", label: "All its role may" },
            ]}
            value={reach}
            onChange={setReach}
          />
          {reach === "some" ? (
            <ScopeChoice scopes={scopes} mayWrite={role !== "viewer"} onChange={setScopes} />
          ) : null}
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy}>
            Make the key
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  );
}
