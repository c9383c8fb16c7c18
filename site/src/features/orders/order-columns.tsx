import { RotateCcw } from "lucide-react";
import { useMemo, useState } from "react";
import { ApiError } from "../../lib/api/client.ts";
import { Button } from "../../ui/Button.tsx";
import { useAllows, useApi, useHref } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";
import { DateTime, Money } from "../../ui/Values.tsx";
import { type Column, RowLink } from "../list/DataTable.tsx";
import type { OrderRow } from "./OrdersPage.tsx";
import { StatusBadge } from "./StatusBadge.tsx";

/** The columns of the orders list; in the trash (`onRestored` given) with a way back. */
export function useOrderColumns(onRestored: (() => void) | null): Column<OrderRow>[] {
  const href = useHref();
  const mayWrite = useAllows("member");
  return useMemo(() => {
    const columns: Column<OrderRow>[] = [
      {
        id: "number",
        header: "Number",
        sort: "number",
        sortFirst: "desc",
        cell: ({ id, number }) => (
          <RowLink href={href(`orders/${id}`)}>
            <span className="numeric whitespace-nowrap">{number}</span>
          </RowLink>
        ),
      },
      {
        id: "status",
        header: "Status",
        sort: "status",
        cell: ({ status }) => <StatusBadge status={status} />,
      },
      {
        id: "customer",
        header: "Customer",
        sort: "customer",
        wide: true,
        cell: ({ customer }) =>
          customer ? <bdi>{customer.name}</bdi> : <span className="text-faint">No customer</span>,
      },
      {
        id: "placed_at",
        header: "Placed",
        sort: "placed_at",
        sortFirst: "desc",
        cell: ({ placed_at }) => (
          <span className="text-muted">
            <DateTime value={placed_at} />
          </span>
        ),
      },
      {
        id: "total",
        header: "Total",
        sort: "total",
        sortFirst: "desc",
        align: "end",
        cell: ({ total, currency }) => <Money amount={total} currency={currency} />,
      },
    ];
    if (onRestored && mayWrite) {
      columns.push({
        id: "restore",
        header: "",
        align: "end",
        cell: (order) => <RestoreButton order={order} onRestored={onRestored} />,
      });
    }
    return columns;
  }, [href, mayWrite, onRestored]);
}

function RestoreButton({ order, onRestored }: { order: OrderRow; onRestored: () => void }) {
  const api = useApi();
  const [busy, setBusy] = useState(false);
  async function restore() {
    setBusy(true);
    try {
      await api("POST", `/orders/${order.id}/restore`);
      toast({ kind: "success", title: `${order.number} restored` });
      onRestored();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: `${order.number} was not restored`, detail: error.message });
    } finally {
      setBusy(false);
    }
  }
  return (
    <Button
      size="sm"
      busy={busy}
      onClick={() => void restore()}
      className="relative z-1"
      aria-label={`Restore ${order.number}`}
    >
      <RotateCcw aria-hidden="true" />
      Restore
    </Button>
  );
}

/** An order on a narrow window. */
export function OrderCard({ order }: { order: OrderRow }) {
  const href = useHref();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 gap-y-1.5 text-sm">
      <p className="truncate">
        {order.customer ? (
          <bdi className="font-medium">{order.customer.name}</bdi>
        ) : (
          <span className="text-faint">No customer</span>
        )}
      </p>
      <p className="text-end font-medium">
        <Money amount={order.total} currency={order.currency} />
      </p>
      <p className="flex min-w-0 items-center gap-2 text-muted">
        <RowLink href={href(`orders/${order.id}`)}>
          <span className="numeric font-normal text-muted">{order.number}</span>
        </RowLink>
        <span aria-hidden="true" className="text-faint">
          ·
        </span>
        <DateTime value={order.placed_at} />
      </p>
      <StatusBadge status={order.status} />
    </div>
  );
}
