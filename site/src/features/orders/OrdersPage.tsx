import { Plus, ReceiptText } from "lucide-react";
import { lazy, Suspense, useCallback, useState } from "react";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { ButtonLink } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows, useHref } from "../../ui/context.tsx";
import { ListFrame } from "../list/ListFrame.tsx";
import type { Loaded } from "../list/load.ts";
import { useList } from "../list/use-list.ts";
import { useRowKeys } from "../list/use-row-keys.ts";
import { ORDER_LIST } from "./list-spec.ts";
import { OrderFilters } from "./OrderFilters.tsx";
import { OrderCard, useOrderColumns } from "./order-columns.tsx";

const BulkBar = lazy(() => import("./BulkBar.tsx"));

/** What a row shows of an order. */
export type OrderRow = Omit<Order, "items">;

type Props = { page: PageContext; initial: Loaded<OrderRow>; customerName: string | null };

/** The island of the orders list. */
export function OrdersPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Orders {...rest} />
    </PageProvider>
  );
}

function Orders({ initial, customerName }: Omit<Props, "page">) {
  const state = useList(ORDER_LIST, initial);
  const href = useHref();
  const mayWrite = useAllows("member");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { list } = state.loaded;
  const trash = state.params.has("deleted");
  const selectable = mayWrite && !trash;
  const columns = useOrderColumns(trash ? state.refresh : null);

  const toggle = useCallback((ids: string[], on: boolean) => {
    setSelected((before) => {
      const next = new Set(before);
      for (const id of ids) on ? next.add(id) : next.delete(id);
      return next;
    });
  }, []);
  const toggleRow = useCallback(
    (index: number) => {
      const id = list?.data[index]?.id;
      if (id && selectable) toggle([id], !selected.has(id));
    },
    [list, selectable, selected, toggle],
  );
  useRowKeys(toggleRow);

  const newOrder = mayWrite ? (
    <ButtonLink href={href("orders/new")} variant="primary">
      <Plus aria-hidden="true" />
      New order
    </ButtonLink>
  ) : null;

  return (
    <>
      <ListFrame
        title="Orders"
        noun={["order", "orders"]}
        icon={<ReceiptText aria-hidden="true" />}
        spec={ORDER_LIST}
        state={state}
        create={newOrder}
        filters={<OrderFilters state={state} customerName={customerName} />}
        columns={columns}
        defaultSort="-placed_at"
        card={(order) => <OrderCard order={order} />}
        selection={
          selectable ? { selected, toggle, label: (order) => `Select ${order.number}` } : undefined
        }
      />
      {selectable && selected.size > 0 ? (
        <Suspense>
          <BulkBar
            ids={[...selected]}
            onClear={() => setSelected(new Set())}
            onDone={(failed) => {
              setSelected(new Set(failed));
              void state.refresh();
            }}
          />
        </Suspense>
      ) : null}
    </>
  );
}
