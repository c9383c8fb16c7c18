import { Copy } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { copyText } from "../../ui/copy.ts";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";

type Props = { secret: string; rotated?: boolean; onClose: () => void };

/** Shows a secret, which is nowhere else to be seen. */
export function SecretDialog({ secret, rotated = false, onClose }: Props) {
  return (
    <Dialog
      open
      alert
      onClose={onClose}
      title="Keep this secret"
      description={
        rotated
          ? "Deliveries carry its signature from now on, and for 24 hours that of the one before as well. It is not shown again."
          : "Your receiver needs it to tell our deliveries from anybody else's. It is not shown again."
      }
    >
      <DialogBody>
        <Field label="Signing secret">
          {(field) => (
            <Input
              {...field}
              data-autofocus=""
              readOnly
              dir="ltr"
              value={secret}
              className="font-mono"
              onFocus={(event) => event.target.select()}
            />
          )}
        </Field>
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>Done</Button>
        <Button variant="primary" onClick={() => copyText(secret, "The secret")}>
          <Copy aria-hidden="true" />
          Copy secret
        </Button>
      </DialogFooter>
    </Dialog>
  );
}
