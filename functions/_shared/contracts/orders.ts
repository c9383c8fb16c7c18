/** Orders: what goes in, what comes out, what lists can be asked. */
import { z } from "zod";
import {
  currency,
  dateOrTime,
  decimal,
  deleted,
  listOf,
  MAX_NOTES,
  openObject,
  paging,
  percent,
  quantity,
  search,
  signedDecimalText,
  text,
  timestamp,
  unitPrice,
  uuid,
} from "./common.ts";

export const MAX_ITEMS = 1_000;
export const MAX_BULK = 500;

/** In the order of an order's life. */
export const ORDER_STATUSES = [
  "pending",
  "processing",
  "shipped",
  "delivered",
  "cancelled",
] as const;
export const orderStatus = z.enum(ORDER_STATUSES);
export type OrderStatus = z.infer<typeof orderStatus>;

export const orderItemInput = z.strictObject({
  product_id: uuid().nullish(),
  sku: text().nullish(),
  name: text(1_000, 1),
  quantity: quantity(),
  unit_price: unitPrice(),
  discount_percent: percent().optional(),
  tax_rate: percent().optional(),
  attributes: openObject().optional(),
}).meta({ id: "OrderItemInput" });
export type OrderItemInput = z.infer<typeof orderItemInput>;

const fields = {
  customer_id: uuid().nullable(),
  currency: currency(),
  placed_at: timestamp(),
  notes: text(MAX_NOTES).nullable(),
  shipping_total: decimal(4),
  custom: openObject(),
  items: z.array(orderItemInput).max(MAX_ITEMS),
};

/** POST: a new order is pending, so there is no status to give. */
export const orderCreate = z.strictObject(fields).partial().required({ items: true })
  .meta({ id: "OrderCreate" });
export type OrderCreate = z.infer<typeof orderCreate>;

/** PATCH: what is left out stays; `items` are all of them, in their order. */
export const orderUpdate = z.strictObject({ ...fields, status: orderStatus }).partial()
  .meta({ id: "OrderUpdate" });
export type OrderUpdate = z.infer<typeof orderUpdate>;

export const orderBulk = z.strictObject({
  ids: z.array(uuid()).min(1).max(MAX_BULK),
  set: z.strictObject({ status: orderStatus }),
}).meta({ id: "OrderBulk" });

export const orderBulkResults = z.object({
  results: z.array(z.object({ id: z.uuid(), ok: z.boolean(), code: z.string().optional() })),
}).meta({ id: "OrderBulkResults" });

export const orderItem = z.object({
  id: z.uuid(),
  position: z.int(),
  product_id: z.uuid().nullable(),
  sku: z.string().nullable(),
  name: z.string(),
  quantity: z.number(),
  unit_price: z.number(),
  discount_percent: z.number(),
  tax_rate: z.number(),
  attributes: openObject(),
  line_total: z.number(),
}).meta({ id: "OrderItem" });

/** An order as every answer shows it. */
export const order = z.object({
  id: z.uuid(),
  number: z.string().meta({ example: "SO-000001" }),
  status: orderStatus,
  currency: z.string(),
  customer: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  placed_at: z.iso.datetime({ offset: true }),
  notes: z.string().nullable(),
  subtotal: z.number(),
  discount_total: z.number(),
  tax_total: z.number(),
  shipping_total: z.number(),
  total: z.number(),
  custom: openObject(),
  items: z.array(orderItem),
  version: z.int(),
  created_by: z.uuid().nullable(),
  created_at: z.iso.datetime({ offset: true }),
  updated_at: z.iso.datetime({ offset: true }),
  deleted_at: z.iso.datetime({ offset: true }).nullable(),
}).meta({ id: "Order" });
export type Order = z.infer<typeof order>;

export const orderList = listOf(order).meta({ id: "OrderList" });

export const ORDER_SORTS = [
  "-placed_at",
  "placed_at",
  "-number",
  "number",
  "-total",
  "total",
  "-status",
  "status",
  "-customer",
  "customer",
] as const;

/** The query of `GET /orders`. */
export const orderListQuery = z.strictObject({
  status: z.string().transform((value) => [...new Set(value.split(","))])
    .pipe(z.array(orderStatus)).optional().meta({
      description: "One or several, separated by commas",
      example: "pending,processing",
    }),
  customer_id: uuid().optional(),
  q: search().meta({ description: "Number, customer's name or notes; forgives a wrong letter" }),
  placed_from: dateOrTime().optional(),
  placed_to: dateOrTime().optional(),
  total_min: signedDecimalText().optional(),
  total_max: signedDecimalText().optional(),
  deleted: deleted(),
  sort: z.enum(ORDER_SORTS).default("-placed_at"),
  ...paging,
});
export type OrderListQuery = z.infer<typeof orderListQuery>;

/** What can be printed of an order. */
export const orderDocumentKind = z.enum(["confirmation", "delivery_note", "packing_list"]);
export type OrderDocumentKind = z.infer<typeof orderDocumentKind>;

/** The query of `GET /orders/:id/pdf`. */
export const orderPdfQuery = z.strictObject({
  kind: orderDocumentKind.default("confirmation"),
});

const figure = z.object({
  orders: z.int(),
  net: z.number().meta({ description: "Sum of their subtotals: without tax and shipping." }),
});
const days = z.object({ first: z.iso.date(), last: z.iso.date() });

/** What a tenant's orders come to. */
export const orderFigures = z.object({
  this_month: days.meta({ description: "In the tenant's time zone." }),
  last_month: days,
  currencies: z.array(z.object({
    currency: z.string(),
    this_month: figure.meta({ description: "Placed in it, cancelled ones left out." }),
    last_month: figure,
    open: figure.meta({ description: "Pending and processing." }),
  })).meta({ description: "The tenant's own first." }),
}).meta({ id: "OrderFigures" });
export type OrderFigures = z.infer<typeof orderFigures>;
