/** Products. Every rule is the database's; here is only what HTTP adds. */
import {
  product,
  productCreate,
  productList,
  productListQuery,
  productUpdate,
} from "../_shared/contracts/products.ts";
import { resourceRoutes } from "../_shared/resource_routes.ts";
import type { Route } from "../_shared/route.ts";

export const routes: Route[] = resourceRoutes({
  collection: "products",
  one: "a product",
  tag: "Products",
  list: {
    name: "products",
    view: (sql) => sql`private.product_documents`,
    table: (sql) => sql`public.products`,
    search: (sql, q) => sql`select id from public.search_products(${q}) as id`,
    sorts: {
      name: { column: "sort_name", parse: (sql, text) => sql`${text}::text` },
      sku: { column: "sku", parse: (sql, text) => sql`${text}::text` },
      unit_price: { column: "unit_price", parse: (sql, text) => sql`${text}::text::numeric` },
      created_at: { column: "created_at", parse: (sql, text) => sql`${text}::text::timestamptz` },
    },
    filters: (sql, { active }) =>
      active === undefined ? [] : [active === "true" ? sql`active` : sql`not active`],
  },
  contracts: {
    item: product,
    list: productList,
    listQuery: productListQuery,
    create: productCreate,
    update: productUpdate,
  },
  calls: {
    create: (sql, body) => sql`public.create_product(${body})`,
    update: (sql, id, patch, expected) => sql`public.update_product(${id}, ${patch}, ${expected})`,
    trash: (sql, id, expected) => sql`public.trash_product(${id}, ${expected})`,
    restore: (sql, id) => sql`public.restore_product(${id})`,
  },
});
