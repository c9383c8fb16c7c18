/** The allow-list: what answers under `/functions/v1/<name>`. A folder that is not here does not exist. */
import { routes as customers } from "../customers/index.ts";
import { routes as orders } from "../orders/index.ts";
import { routes as products } from "../products/index.ts";
import type { Route } from "../_shared/route.ts";

export const functions: Readonly<Record<string, readonly Route[]>> = {
  customers,
  orders,
  products,
};
