/** What the list of customers can be filtered and sorted by. */
import type { Fragment } from "../_shared/context.ts";
import type { CustomerListQuery } from "../_shared/contracts/customers.ts";
import type { ListDefinition } from "../_shared/list_definition.ts";

export const customerList: ListDefinition<CustomerListQuery> = {
  name: "customers",
  view: (sql) => sql`private.customer_documents`,
  table: (sql) => sql`public.customers`,
  search: (sql, q) => sql`select id from public.search_customers(${q}) as id`,
  sorts: {
    name: { column: "sort_name", parse: (sql, text) => sql`${text}::text` },
    created_at: { column: "created_at", parse: (sql, text) => sql`${text}::text::timestamptz` },
  },
  filters(sql, { kind, tag }) {
    const conditions: Fragment[] = [];
    if (kind !== undefined) conditions.push(sql`kind = ${kind}::text::public.customer_kind`);
    if (tag !== undefined) conditions.push(sql`tags @> array[${tag}::text]`);
    return conditions;
  },
};
