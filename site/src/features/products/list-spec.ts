import type { ListSpec } from "../list/spec.ts";

export const PRODUCT_LIST: ListSpec = {
  path: "/products",
  params: ["q", "active", "deleted", "sort"],
};
