import type { OrderStatus } from "../../../../functions/_shared/contracts/orders.ts";
import type { Tone } from "../../ui/Badge.tsx";

type Look = {
  label: string;
  tone: Tone /** The button that leads to this status. */;
  action: string;
};

export const STATUS: Record<OrderStatus, Look> = {
  pending: { label: "Pending", tone: "amber", action: "Reopen" },
  processing: { label: "Processing", tone: "blue", action: "Start processing" },
  shipped: { label: "Shipped", tone: "violet", action: "Mark as shipped" },
  delivered: { label: "Delivered", tone: "green", action: "Mark as delivered" },
  cancelled: { label: "Cancelled", tone: "grey", action: "Cancel order" },
};

/** In the order of an order's life. Not the contract's own list: that would bring its schemas into every page. */
export const STATUSES = Object.keys(STATUS) as OrderStatus[];

/** What the database allows next; it refuses anything else whatever is shown here. */
export const NEXT: Record<OrderStatus, readonly OrderStatus[]> = {
  pending: ["processing", "cancelled"],
  processing: ["shipped", "cancelled"],
  shipped: ["delivered"],
  delivered: [],
  cancelled: [],
};

/** Items may change only in these. */
export const OPEN_STATUSES: readonly OrderStatus[] = ["pending", "processing"];
