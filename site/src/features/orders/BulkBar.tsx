import { useState } from "react";
import type { OrderStatus } from "../../../../functions/_shared/contracts/orders.ts";
import { ApiError } from "../../lib/api/client.ts";
import { Button } from "../../ui/Button.tsx";
import { useApi } from "../../ui/context.tsx";
import { Menu, MenuItem, MenuLabel } from "../../ui/Menu.tsx";
import { toast } from "../../ui/toast.ts";
import { STATUS, STATUSES } from "./status.ts";

type Outcome = { id: string; ok: boolean; code?: string };
type Props = { ids: readonly string[]; onDone: (failed: string[]) => void; onClear: () => void };

/** What can be done with the selected orders; those that refuse stay selected. */
export default function BulkBar({ ids, onDone, onClear }: Props) {
  const api = useApi();
  const [busy, setBusy] = useState(false);

  async function set(status: OrderStatus) {
    setBusy(true);
    try {
      const body = { ids, set: { status } };
      const { results } = await api<{ results: Outcome[] }>("POST", "/orders/bulk", { body });
      const failed = results.filter(({ ok }) => !ok).map(({ id }) => id);
      const done = results.length - failed.length;
      if (done > 0)
        toast({ kind: "success", title: `${count(done)} set to ${STATUS[status].label}` });
      if (failed.length > 0) {
        toast({
          kind: "error",
          title: `${count(failed.length)} could not be changed`,
          detail: `Their status does not allow “${STATUS[status].label}” next. They are still selected.`,
        });
      }
      onDone(failed);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: "Nothing was changed", detail: error.message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <section
      aria-label="Selection"
      className="fixed inset-x-0 bottom-6 z-20 mx-auto flex w-fit animate-[rise_160ms_var(--ease-out)] items-center gap-1 rounded-xl bg-raised p-1.5 ps-4 text-sm shadow-raised lg:start-58"
    >
      <span className="numeric me-2 font-medium" aria-live="polite">
        {ids.length} selected
      </span>
      <Menu
        trigger={
          <Button variant="primary" busy={busy}>
            Set status
          </Button>
        }
      >
        <MenuLabel>New status</MenuLabel>
        {STATUSES.filter((status) => status !== "pending").map((status) => (
          <MenuItem key={status} onSelect={() => void set(status)}>
            {STATUS[status].label}
          </MenuItem>
        ))}
      </Menu>
      <Button variant="ghost" onClick={onClear}>
        Clear
      </Button>
    </section>
  );
}

function count(orders: number): string {
  return `${orders} ${orders === 1 ? "order" : "orders"}`;
}
