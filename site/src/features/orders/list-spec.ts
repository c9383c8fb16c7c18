import type { ListSpec } from "../list/spec.ts";

export const ORDER_LIST: ListSpec = {
  path: "/orders",
  params: [
    "q",
    "status",
    "customer_id",
    "placed_from",
    "placed_to",
    "total_min",
    "total_max",
    "deleted",
    "sort",
  ],
};
