/** The rows of an export: the list that somebody was looking at, all of it, in its order. */
import type { Sql } from "postgres";
import type { z } from "zod";
import type { Fragment } from "../../functions/_shared/context.ts";
import { customerListQuery } from "../../functions/_shared/contracts/customers.ts";
import { orderListQuery } from "../../functions/_shared/contracts/orders.ts";
import { productListQuery } from "../../functions/_shared/contracts/products.ts";
import type { ListDefinition, ListQuery } from "../../functions/_shared/list_definition.ts";
import { inOrder, sortOf } from "../../functions/_shared/list_order.ts";
import { wholeList } from "../../functions/_shared/list_page.ts";
import { customerList } from "../../functions/customers/list.ts";
import { orderList } from "../../functions/orders/list.ts";
import { productList } from "../../functions/products/list.ts";
import { PermanentError } from "../errors.ts";
import { type Column, columnsOf } from "./columns.ts";
import type { Wanted } from "./wanted.ts";

/** With the columns that the lists filter and sort by, under the names their definitions use. */
const SOURCES = {
  orders: `(
    select o.*, c.name as customer_name, c.email as customer_email
    from public.orders o
    left join public.customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id) as list`,
  customers: "(select *, left(name, 250) as sort_name from public.customers) as list",
  products: "(select *, left(name, 250) as sort_name from public.products) as list",
};

/** Nothing here is called as a column of `list` is: the list's order names its columns bare. */
const ITEMS = `(
  select i.id as item_id, i.position, i.product_id, i.sku, i.name as item_name, i.quantity,
    i.unit_price, i.discount_percent, i.discount, i.tax_rate, i.line_total, i.tax, i.attributes
  from public.order_items i
  where i.tenant_id = list.tenant_id and i.order_id = list.id) as item`;

export type Selection = {
  /** What follows `from`. */
  readonly from: Fragment;
  /** What follows `order by`. */
  readonly order: Fragment;
  readonly columns: readonly Column[];
};

/**
 * What to select for an export.
 * @param sql writes the fragments; any connection may run them.
 * @throws PermanentError when the stored query is not one of the list (any more).
 */
export function selectionOf(sql: Sql, wanted: Wanted): Selection {
  const { where, order } = listOf(sql, wanted);
  const columns = columnsOf(wanted);
  const source = sql`${sql.unsafe(SOURCES[wanted.entity])} where ${where}`;
  if (wanted.rows === "orders") return { from: source, order, columns };
  return {
    from: sql`(select * from ${source}) as list cross join lateral ${sql.unsafe(ITEMS)}`,
    order: sql`${order}, position`,
    columns,
  };
}

function listOf(sql: Sql, { entity, query }: Wanted): { where: Fragment; order: Fragment } {
  const of = <Q extends ListQuery>(definition: ListDefinition<Q>, schema: z.ZodType<Q>) => {
    const checked = schema.safeParse(query);
    if (!checked.success) throw new PermanentError("The list has no such filters any more.");
    const { sort, descends } = sortOf(definition, checked.data.sort);
    return {
      where: wholeList(sql, definition, checked.data),
      order: inOrder(sql, sort, descends, false),
    };
  };
  if (entity === "orders") return of(orderList, orderListQuery);
  if (entity === "customers") return of(customerList, customerListQuery);
  return of(productList, productListQuery);
}
