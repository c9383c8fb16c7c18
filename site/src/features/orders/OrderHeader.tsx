import { ArrowLeft, Ban, CopyPlus, Ellipsis, Pencil, Send, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { useAllows, useHref } from "../../ui/context.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { OrderDocuments } from "./OrderDocuments.tsx";
import { StatusBadge } from "./StatusBadge.tsx";
import { NEXT, STATUS } from "./status.ts";
import type { OrderActions } from "./use-order-actions.ts";

const SendDialog = lazy(() => import("./SendDialog.tsx"));

type Props = { order: Order; actions: OrderActions };

/** The order's number and status, and what may be done with it next. */
export function OrderHeader({ order, actions }: Props) {
  const href = useHref();
  const mayWrite = useAllows("member") && order.deleted_at === null;
  const [asking, setAsking] = useState(false);
  const [sending, setSending] = useState(false);
  const next = NEXT[order.status].find((status) => status !== "cancelled");
  const mayCancel = NEXT[order.status].includes("cancelled");
  return (
    <PageHeader
      before={
        <ButtonLink
          href={href("orders")}
          variant="ghost"
          size="icon"
          aria-label="Back to the orders"
          className="-ms-2"
        >
          <ArrowLeft aria-hidden="true" className="rtl:rotate-180" />
        </ButtonLink>
      }
      title={
        <span className="flex items-center gap-2.5">
          <span className="numeric">{order.number}</span>
          <StatusBadge status={order.status} />
        </span>
      }
    >
      {mayWrite ? (
        <>
          <ButtonLink href={href(`orders/${order.id}/edit`)}>
            <Pencil aria-hidden="true" />
            Edit
          </ButtonLink>
          {next ? (
            <Button
              variant="primary"
              busy={actions.busy}
              onClick={() => void actions.setStatus(next)}
            >
              {STATUS[next].action}
            </Button>
          ) : null}
        </>
      ) : null}
      <Menu
        trigger={
          <Button size="icon" aria-label="More actions" disabled={actions.busy}>
            <Ellipsis aria-hidden="true" />
          </Button>
        }
      >
        <OrderDocuments order={order} />
        {mayWrite ? (
          <>
            <MenuItem onSelect={() => setSending(true)}>
              <Send aria-hidden="true" />
              Send by mail…
            </MenuItem>
            <MenuSeparator />
            <MenuItem onSelect={() => void actions.duplicate()}>
              <CopyPlus aria-hidden="true" />
              Duplicate
            </MenuItem>
            {mayCancel ? (
              <MenuItem onSelect={() => setAsking(true)}>
                <Ban aria-hidden="true" />
                Cancel order…
              </MenuItem>
            ) : null}
            <MenuSeparator />
            <MenuItem tone="danger" onSelect={() => void actions.trash()}>
              <Trash2 aria-hidden="true" />
              Move to trash
            </MenuItem>
          </>
        ) : null}
      </Menu>
      {sending ? (
        <Suspense>
          <SendDialog order={order} onClose={() => setSending(false)} />
        </Suspense>
      ) : null}
      {asking ? (
        <ConfirmDialog
          danger
          title={`Cancel ${order.number}?`}
          description="A cancelled order stays cancelled. Duplicate it to start over."
          keep="Keep the order"
          action="Cancel order"
          onClose={() => setAsking(false)}
          onConfirm={() => void actions.setStatus("cancelled")}
        />
      ) : null}
    </PageHeader>
  );
}
