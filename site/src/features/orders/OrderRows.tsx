import { useHref } from "../../ui/context.tsx";
import { DateTime, Money } from "../../ui/Values.tsx";
import { RowLink } from "../list/DataTable.tsx";
import type { OrderRow } from "./OrdersPage.tsx";
import { StatusBadge } from "./StatusBadge.tsx";

type Props = { orders: readonly OrderRow[]; showCustomer: boolean; empty: string };

/** A few orders on a page that is about something else. */
export function OrderRows({ orders, showCustomer, empty }: Props) {
  const href = useHref();
  if (orders.length === 0)
    return <p className="border-line border-t px-5 py-8 text-center text-muted text-sm">{empty}</p>;
  return (
    <ul className="text-sm">
      {orders.map((order) => (
        <li
          key={order.id}
          className="relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 border-line border-t px-4 py-2.5 hover:bg-hover sm:grid-cols-[6.5rem_minmax(0,1fr)_6.5rem_7rem] md:px-5"
        >
          <RowLink href={href(`orders/${order.id}`)}>
            <span className="numeric">{order.number}</span>
          </RowLink>
          <span className="order-3 flex min-w-0 items-center gap-3 text-muted sm:order-none">
            {showCustomer ? (
              <bdi className="truncate">{order.customer?.name ?? "No customer"}</bdi>
            ) : null}
            <span className={showCustomer ? "max-lg:hidden lg:ms-auto" : ""}>
              <DateTime value={order.placed_at} />
            </span>
          </span>
          <span className="order-4 justify-self-end sm:order-none sm:justify-self-start">
            <StatusBadge status={order.status} />
          </span>
          <span className="text-end">
            <Money amount={order.total} currency={order.currency} />
          </span>
        </li>
      ))}
    </ul>
  );
}
