import type { MadeApiKey } from "../../../../functions/_shared/contracts/api_keys.ts";
import { Button } from "../../ui/Button.tsx";
import { usePage } from "../../ui/context.tsx";
import { copyText } from "../../ui/copy.ts";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Snippet } from "../analysts/Snippet.tsx";

type Props = { made: MadeApiKey; apiUrl: string; onClose: () => void };

/** Shows a key, which is nowhere else to be seen. */
export function KeyDialog({ made, apiUrl, onClose }: Props) {
  const { tenant } = usePage();
  const sample = `curl ${apiUrl}/orders?limit=5 \\
  -H "Authorization: Bearer ${made.key}" \\
  -H "X-Tenant-Id: ${tenant.id}"`;
  return (
    <Dialog
      open
      alert
      onClose={onClose}
      title="Keep this key"
      description="It is not shown again. Who has it does what it may: never put it into an address, a page or a repository."
    >
      <DialogBody className="flex flex-col gap-4">
        <Field label="API key">
          {(field) => (
            <Input
              {...field}
              data-autofocus=""
              readOnly
              dir="ltr"
              value={made.key}
              className="font-mono"
              onFocus={(event) => event.target.select()}
            />
          )}
        </Field>
        <Snippet label="Try it" code={sample} />
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>Done</Button>
        <Button variant="primary" onClick={() => copyText(made.key, "The key")}>
          Copy key
        </Button>
      </DialogFooter>
    </Dialog>
  );
}
