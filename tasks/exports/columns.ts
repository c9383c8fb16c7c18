/** What each column of an export is: where it comes from, and what kind of thing it holds. */
import {
  type CustomerColumn,
  DEFAULT_COLUMNS,
  type ItemColumn,
  type OrderColumn,
  type ProductColumn,
} from "../../functions/_shared/contracts/exports.ts";
import type { Wanted } from "./wanted.ts";

/** `word` is text that no person typed: ids, codes. `amount` is money in the row's currency. */
export type Kind = "text" | "word" | "amount" | "number" | "time" | "yes_no";

/** SQL over `list` (and `item`), of our own making only. */
type Source = { readonly kind: Kind; readonly sql: string; readonly width: number };

export type Column = Source & { readonly name: string };

const text = (sql: string, width = 24): Source => ({ kind: "text", sql, width });
const word = (sql: string, width = 12): Source => ({ kind: "word", sql, width });
const amount = (sql: string): Source => ({ kind: "amount", sql, width: 16 });
const number = (sql: string, width = 12): Source => ({ kind: "number", sql, width });
const time = (sql: string): Source => ({ kind: "time", sql, width: 18 });

const address = (column: string) =>
  text(
    `nullif(concat_ws(', ', ${column} ->> 'line1', ${column} ->> 'line2',
      nullif(concat_ws(' ', ${column} ->> 'postal_code', ${column} ->> 'city'), ''),
      ${column} ->> 'region', ${column} ->> 'country'), '')`,
    40,
  );

const record = {
  id: word("list.id", 38),
  custom: text("list.custom::text", 40),
  version: number("list.version", 9),
  created_by: word("list.created_by", 38),
  created_at: time("list.created_at"),
  updated_at: time("list.updated_at"),
  deleted_at: time("list.deleted_at"),
};

const orders: Readonly<Record<OrderColumn, Source>> = {
  ...record,
  number: text("list.number", 13),
  status: word("list.status"),
  placed_at: time("list.placed_at"),
  customer: text("list.customer_name", 32),
  customer_name: text("list.customer_name", 32),
  customer_id: word("list.customer_id", 38),
  customer_email: text("list.customer_email", 28),
  currency: word("list.currency", 9),
  subtotal: amount("list.subtotal"),
  discount_total: amount("list.discount_total"),
  tax_total: amount("list.tax_total"),
  shipping_total: amount("list.shipping_total"),
  total: amount("list.total"),
  notes: text("list.notes", 40),
  item_count: number(
    `(select count(*) from public.order_items i
      where i.tenant_id = list.tenant_id and i.order_id = list.id)`,
  ),
};

const items: Readonly<Record<ItemColumn, Source>> = {
  position: number("item.position", 9),
  sku: text("item.sku", 14),
  name: text("item.item_name", 32),
  quantity: number("item.quantity"),
  unit_price: amount("item.unit_price"),
  discount_percent: number("item.discount_percent"),
  discount: amount("item.discount"),
  tax_rate: number("item.tax_rate"),
  line_total: amount("item.line_total"),
  tax: amount("item.tax"),
  item_id: word("item.item_id", 38),
  product_id: word("item.product_id", 38),
  attributes: text("item.attributes::text", 40),
};

const customers: Readonly<Record<CustomerColumn, Source>> = {
  ...record,
  name: text("list.name", 32),
  kind: word("list.kind"),
  email: text("list.email", 28),
  phone: text("list.phone", 18),
  tax_id: text("list.tax_id", 18),
  billing_address: address("list.billing_address"),
  shipping_address: address("list.shipping_address"),
  tags: text("array_to_string(list.tags, ', ')"),
};

const products: Readonly<Record<ProductColumn, Source>> = {
  ...record,
  sku: text("list.sku", 14),
  name: text("list.name", 32),
  unit_price: amount("list.unit_price"),
  currency: word("list.currency", 9),
  tax_rate: number("list.tax_rate"),
  unit: text("list.unit", 10),
  active: { kind: "yes_no", sql: "list.active", width: 9 },
};

const SOURCES: Readonly<Record<string, Readonly<Record<string, Source>>>> = {
  orders,
  items: { ...orders, ...items },
  customers,
  products,
};

/**
 * The columns of a file, in their order: those that were chosen, or the usual ones.
 * @throws Error for a name that the request's schema should not have let in.
 */
export function columnsOf({ entity, rows, columns }: Wanted): Column[] {
  const shape = rows === "items" ? "items" : entity;
  return (columns ?? DEFAULT_COLUMNS[shape]).map((name) => {
    const source = SOURCES[shape]?.[name];
    if (source === undefined) throw new Error(`${shape} have no column ${name}`);
    return { ...source, name };
  });
}
