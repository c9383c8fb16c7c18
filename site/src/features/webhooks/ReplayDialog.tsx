import { type SubmitEvent, useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { usePage } from "../../ui/context.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";

const HOUR_MS = 3_600_000;
const SPANS = [
  { value: "1", label: "1 hour" },
  { value: "24", label: "1 day" },
  { value: "168", label: "7 days" },
  { value: "720", label: "30 days" },
] as const;
type Span = (typeof SPANS)[number]["value"];

type Props = { onClose: () => void; onReplay: (since: string) => Promise<void> };

/** Sends again what failed within some time. */
export function ReplayDialog({ onClose, onReplay }: Props) {
  const { tenant } = usePage();
  const [span, setSpan] = useState<Span>("24");
  const [busy, setBusy] = useState(false);
  async function replay(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    await onReplay(new Date(Date.now() - Number(span) * HOUR_MS).toISOString());
    onClose();
  }
  return (
    <Dialog
      open
      onClose={onClose}
      size="sm"
      title="Send again what failed"
      description={`Every delivery of ${tenant.name} to this endpoint that failed is sent again, in its order and under its webhook-id.`}
    >
      <form onSubmit={(event) => void replay(event)}>
        <DialogBody>
          <Choice label="Of the last" options={SPANS} value={span} onChange={setSpan} />
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy}>
            Send again
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  );
}
