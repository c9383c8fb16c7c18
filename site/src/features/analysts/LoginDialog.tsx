import { useState } from "react";
import type { AnalystLogin } from "../../../../functions/_shared/contracts/analysts.ts";
import { Button } from "../../ui/Button.tsx";
import { copyText } from "../../ui/copy.ts";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select } from "../../ui/Input.tsx";
import { samplesFor } from "./connect.ts";
import { Snippet } from "./Snippet.tsx";

/** Shows a login's password, which is nowhere else to be seen, and how programs connect with it. */
export function LoginDialog({ login, onClose }: { login: AnalystLogin; onClose: () => void }) {
  const samples = samplesFor(login);
  const [program, setProgram] = useState("psql");
  const sample = samples.find(({ id }) => id === program);
  return (
    <Dialog
      open
      alert
      onClose={onClose}
      title="Keep this password"
      description={`Of ${login.role_name}. It is not shown again.`}
    >
      <DialogBody className="flex flex-col gap-4">
        <Field label="Password">
          {(field) => (
            <Input
              {...field}
              data-autofocus=""
              readOnly
              dir="ltr"
              value={login.password}
              className="font-mono"
              onFocus={(event) => event.target.select()}
            />
          )}
        </Field>
        <Field label="Connect with">
          {(field) => (
            <Select {...field} value={program} onChange={(event) => setProgram(event.target.value)}>
              {samples.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {sample ? <Snippet label={sample.label} code={sample.code} /> : null}
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>Done</Button>
        <Button variant="primary" onClick={() => copyText(login.password, "The password")}>
          Copy password
        </Button>
      </DialogFooter>
    </Dialog>
  );
}
