/** Products. Every rule is the database's; here is only what HTTP adds. */
import {
  product,
  productCreate,
  productList as productListAnswer,
  productListQuery,
  productUpdate,
} from "../_shared/contracts/products.ts";
import { productExport } from "../_shared/contracts/exports.ts";
import { resourceRoutes } from "../_shared/resource_routes.ts";
import type { Route } from "../_shared/route.ts";
import { exportRoute } from "../exports/request.ts";
import { productList } from "./list.ts";

export const routes: Route[] = [
  exportRoute("products", "Products", productExport),
  ...resourceRoutes({
    collection: "products",
    one: "a product",
    tag: "Products",
    list: productList,
    contracts: {
      item: product,
      list: productListAnswer,
      listQuery: productListQuery,
      create: productCreate,
      update: productUpdate,
    },
    calls: {
      create: (sql, body) => sql`public.create_product(${body})`,
      update: (sql, id, patch, expected) =>
        sql`public.update_product(${id}, ${patch}, ${expected})`,
      trash: (sql, id, expected) => sql`public.trash_product(${id}, ${expected})`,
      restore: (sql, id, expected) => sql`public.restore_product(${id}, ${expected})`,
    },
  }),
];
