import type { OrderStatus } from "../../../../functions/_shared/contracts/orders.ts";
import { Badge } from "../../ui/Badge.tsx";
import { STATUS } from "./status.ts";

/** The status of an order, in its colour. */
export function StatusBadge({ status }: { status: OrderStatus }) {
  const { label, tone } = STATUS[status];
  return (
    <Badge tone={tone} dot>
      {label}
    </Badge>
  );
}
