/** What the list of orders can be filtered and sorted by. */
import type { Fragment, Sql } from "../_shared/context.ts";
import type { OrderListQuery, OrderStatus } from "../_shared/contracts/orders.ts";
import { notAfter, notBefore } from "../_shared/list_days.ts";
import type { ListDefinition } from "../_shared/list_definition.ts";

/**
 * Each status as it stands in the text of a statement. The comparison of an enum is not leakproof, so
 * under row-level security it can choose an index but not search in one: every status has its own,
 * and only a literal lets the planner see which.
 */
const STATUSES: Readonly<Record<OrderStatus, (sql: Sql) => Fragment>> = {
  pending: (sql) => sql`'pending'`,
  processing: (sql) => sql`'processing'`,
  shipped: (sql) => sql`'shipped'`,
  delivered: (sql) => sql`'delivered'`,
  cancelled: (sql) => sql`'cancelled'`,
};

export const orderList: ListDefinition<OrderListQuery> = {
  name: "orders",
  view: (sql) => sql`private.order_documents`,
  table: (sql) => sql`public.orders`,
  search: (sql, q) => sql`select id, placed_at, deleted_at from private.find_orders(${q})`,
  found: ["deleted_at", "placed_at"],
  sorts: {
    placed_at: {
      column: "placed_at",
      parse: (sql, text) => sql`${text}::text::timestamptz`,
    },
    number: { column: "sequence", parse: (sql, text) => sql`${text}::text::bigint` },
    total: { column: "total", parse: (sql, text) => sql`${text}::text::numeric` },
    status: { column: "status", parse: (sql, text) => sql`${text}::text::public.order_status` },
    customer: {
      column: "customer_name",
      parse: (sql, text) => sql`${text}::text`,
      nullsLast: true,
    },
  },
  branches: (query) => query.status?.map((one) => ({ ...query, status: [one] })) ?? [query],
  filters(sql, query) {
    const conditions: Fragment[] = [];
    const { status, customer_id, placed_from, placed_to, total_min, total_max } = query;
    const [one] = status ?? [];
    if (one !== undefined) conditions.push(sql`status = ${STATUSES[one](sql)}`);
    if (customer_id !== undefined) conditions.push(sql`customer_id = ${customer_id}::uuid`);
    const placed_at = sql`placed_at`;
    if (placed_from !== undefined) conditions.push(notBefore(sql, placed_at, placed_from));
    if (placed_to !== undefined) conditions.push(notAfter(sql, placed_at, placed_to));
    if (total_min !== undefined) conditions.push(sql`total >= ${total_min}::text::numeric`);
    if (total_max !== undefined) conditions.push(sql`total <= ${total_max}::text::numeric`);
    return conditions;
  },
};
