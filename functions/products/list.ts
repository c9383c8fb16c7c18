/** What the list of products can be filtered and sorted by. */
import type { ProductListQuery } from "../_shared/contracts/products.ts";
import type { ListDefinition } from "../_shared/list_definition.ts";

export const productList: ListDefinition<ProductListQuery> = {
  name: "products",
  view: (sql) => sql`private.product_documents`,
  table: (sql) => sql`public.products`,
  search: (sql, q) => sql`select id from public.search_products(${q}) as id`,
  sorts: {
    name: { column: "sort_name", parse: (sql, text) => sql`${text}::text` },
    sku: { column: "sort_sku", parse: (sql, text) => sql`${text}::text` },
    unit_price: { column: "unit_price", parse: (sql, text) => sql`${text}::text::numeric` },
    created_at: { column: "created_at", parse: (sql, text) => sql`${text}::text::timestamptz` },
  },
  filters: (sql, { active }) =>
    active === undefined ? [] : [active === "true" ? sql`active` : sql`not active`],
};
