import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { formOf, type Habits, type OrderForm } from "./form-model.ts";
import { STATUS } from "./status.ts";

const NAMES: Partial<Record<keyof OrderForm, string>> = {
  customer_name: "Customer",
  placed_at: "Placed",
  currency: "Currency",
  shipping_total: "Shipping",
  notes: "Notes",
  custom: "Custom fields",
  items: "Items",
};

type Props = {
  mine: OrderForm;
  theirs: Order;
  habits: Habits;
  onTakeTheirs: (theirs: Order) => void;
  onKeepMine: (theirs: Order) => void;
  onClose: () => void;
};

/** Two people edited one order: says where they differ, and lets one choose. */
export function ConflictDialog({ mine, theirs, habits, onTakeTheirs, onKeepMine, onClose }: Props) {
  const stored = formOf(theirs, habits);
  const differing = (Object.keys(NAMES) as (keyof OrderForm)[]).filter(
    (name) => JSON.stringify(mine[name]) !== JSON.stringify(stored[name]),
  );
  return (
    <Dialog
      open
      alert
      onClose={onClose}
      title="Somebody else changed this order"
      description={`${theirs.number} was saved by somebody else while you were editing it. Nothing of yours is lost yet.`}
    >
      <DialogBody>
        <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-1.5 rounded-lg bg-sunken px-4 py-3 text-sm">
          <dt className="text-muted">Changed</dt>
          <dd>
            <DateTime value={theirs.updated_at} time />
          </dd>
          <dt className="text-muted">Status now</dt>
          <dd>{theirs.deleted_at ? "In the trash" : STATUS[theirs.status].label}</dd>
          <dt className="text-muted">You differ in</dt>
          <dd>
            {differing.length > 0
              ? differing.map((name) => NAMES[name]).join(", ")
              : "nothing that is shown here"}
          </dd>
        </dl>
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose} variant="ghost">
          Back to editing
        </Button>
        <Button onClick={() => onTakeTheirs(theirs)}>Reload theirs</Button>
        <Button
          variant="primary"
          onClick={() => onKeepMine(theirs)}
          disabled={theirs.deleted_at !== null}
        >
          Keep mine
        </Button>
      </DialogFooter>
    </Dialog>
  );
}
