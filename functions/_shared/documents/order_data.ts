/** What the documents of an order are made of, and how it is read. */
import type { Sql, TransactionSql } from "postgres";
import { z } from "zod";

const address = z.record(z.string(), z.unknown()).nullable();

const schema = z.object({
  tenant: z.object({
    name: z.string(),
    locale: z.string(),
    time_zone: z.string(),
    address,
    tax_id: z.string().nullable(),
    phone: z.string().nullable(),
    email: z.string().nullable(),
    /** Where its logo is in the object store. */
    logo_key: z.string().nullable(),
  }),
  customer: z.object({
    name: z.string(),
    tax_id: z.string().nullable(),
    billing_address: address,
    shipping_address: address,
  }).nullable(),
  /** Of the order's currency. */
  minor_digits: z.number(),
  order: z.object({
    number: z.string(),
    status: z.enum(["pending", "processing", "shipped", "delivered", "cancelled"]),
    currency: z.string(),
    placed_at: z.string(),
    notes: z.string().nullable(),
    subtotal: z.number(),
    discount_total: z.number(),
    shipping_total: z.number(),
    total: z.number(),
    items: z.array(z.object({
      position: z.number(),
      sku: z.string().nullable(),
      name: z.string(),
      quantity: z.number(),
      unit_price: z.number(),
      discount_percent: z.number(),
      tax_rate: z.number(),
      line_total: z.number(),
      attributes: z.record(z.string(), z.unknown()),
    })),
  }),
  /** By rate, lowest first: what is taxed, and the tax on it. */
  taxes: z.array(z.object({ rate: z.number(), net: z.number(), tax: z.number() })),
});
export type OrderData = z.output<typeof schema>;

/** An OrderData as the database gives it; `versions` moves with whatever can change a document. */
export type OrderDataRow = { readonly json: string; readonly versions: string };

/** Selects an OrderDataRow, or nothing, as who reads it: with the caller's rights and active tenant. */
export function orderData(sql: Sql | TransactionSql, id: string) {
  return sql<OrderDataRow[]>`
    select
      concat_ws('.', d.version, t.version, c.version) as versions,
      json_build_object(
        'tenant', json_build_object(
          'name', t.name, 'locale', t.locale, 'time_zone', t.time_zone, 'address', t.address,
          'tax_id', t.tax_id, 'phone', t.phone, 'email', t.email,
          'logo_key', case when t.logo_id is not null then private.preview_key(t.id, t.logo_id) end),
        'customer', case when c.id is not null then json_build_object(
          'name', c.name, 'tax_id', c.tax_id, 'billing_address', c.billing_address,
          'shipping_address', c.shipping_address) end,
        'minor_digits', (select minor_digits from public.currencies where code = d.currency),
        'order', d.document,
        'taxes', (
          select coalesce(json_agg(json_build_object('rate', rate, 'net', net, 'tax', tax) order by rate), '[]')
          from (
            select i.tax_rate as rate, sum(i.line_total) as net, sum(i.tax) as tax
            from public.order_items i
            where i.tenant_id = d.tenant_id and i.order_id = d.id
            group by i.tax_rate) as by_rate))::text as json
    from private.order_documents d
    join public.tenants t on t.id = d.tenant_id
    left join public.customers c on c.tenant_id = d.tenant_id and c.id = d.customer_id
    where d.tenant_id = (select private.current_tenant('viewer', 'tenant')) and d.id = ${id}::uuid`;
}

/** @throws ZodError when the row is not what `orderData` selects. */
export function readOrderData(row: OrderDataRow): OrderData {
  return schema.parse(JSON.parse(row.json));
}
