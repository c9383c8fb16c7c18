/** Customers. Every rule is the database's; here is only what HTTP adds. */
import {
  customer,
  customerCreate,
  customerList,
  customerListQuery,
  customerUpdate,
} from "../_shared/contracts/customers.ts";
import type { Fragment } from "../_shared/context.ts";
import { resourceRoutes } from "../_shared/resource_routes.ts";
import type { Route } from "../_shared/route.ts";

export const routes: Route[] = resourceRoutes({
  collection: "customers",
  one: "a customer",
  tag: "Customers",
  list: {
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
  },
  contracts: {
    item: customer,
    list: customerList,
    listQuery: customerListQuery,
    create: customerCreate,
    update: customerUpdate,
  },
  calls: {
    create: (sql, body) => sql`public.create_customer(${body})`,
    update: (sql, id, patch, expected) => sql`public.update_customer(${id}, ${patch}, ${expected})`,
    trash: (sql, id, expected) => sql`public.trash_customer(${id}, ${expected})`,
    restore: (sql, id) => sql`public.restore_customer(${id})`,
  },
});
