import type { ListSpec } from "../list/spec.ts";

export const CUSTOMER_LIST: ListSpec = {
  path: "/customers",
  params: ["q", "kind", "tag", "deleted", "sort"],
};
