import { FileText, PackageCheck, Truck } from "lucide-react";
import type { ReactNode } from "react";
import type { Order, OrderDocumentKind } from "../../../../functions/_shared/contracts/orders.ts";
import { useHref } from "../../ui/context.tsx";
import { MenuItem } from "../../ui/Menu.tsx";

/** The menu's entries for what can be printed of an order; what goes with the goods once they went. */
export function OrderDocuments({ order }: { order: Order }) {
  const href = useHref();
  const shipped = order.status === "shipped" || order.status === "delivered";
  const entry = (kind: OrderDocumentKind, icon: ReactNode, label: string) => (
    <MenuItem asChild>
      <a href={href(`orders/${order.id}/pdf?kind=${kind}`)} target="_blank" rel="noopener">
        {icon}
        {label}
      </a>
    </MenuItem>
  );
  return (
    <>
      {entry("confirmation", <FileText aria-hidden="true" />, "Order confirmation (PDF)")}
      {shipped ? (
        <>
          {entry("delivery_note", <Truck aria-hidden="true" />, "Delivery note (PDF)")}
          {entry("packing_list", <PackageCheck aria-hidden="true" />, "Packing list (PDF)")}
        </>
      ) : null}
    </>
  );
}
