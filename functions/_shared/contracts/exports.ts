/** Exports: what can be asked for, what comes out. */
import { z } from "zod";
import { customerListQuery } from "./customers.ts";
import { listOf, paging } from "./common.ts";
import { orderListQuery } from "./orders.ts";
import { productListQuery } from "./products.ts";

export const EXPORT_FORMATS = ["csv", "xlsx", "pdf"] as const;
export type ExportFormat = typeof EXPORT_FORMATS[number];

export const EXPORT_ENTITIES = ["orders", "customers", "products"] as const;
export type ExportEntity = typeof EXPORT_ENTITIES[number];

export const EXPORT_STATUSES = [
  "queued",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "expired",
] as const;

/** The columns of a file with a row for each order. */
export const ORDER_COLUMNS = [
  "number",
  "status",
  "placed_at",
  "customer_name",
  "currency",
  "subtotal",
  "discount_total",
  "tax_total",
  "shipping_total",
  "total",
  "notes",
  "id",
  "customer",
  "customer_id",
  "customer_email",
  "item_count",
  "custom",
  "version",
  "created_by",
  "created_at",
  "updated_at",
  "deleted_at",
] as const;
export type OrderColumn = typeof ORDER_COLUMNS[number];

/** What an item adds to its order's columns. */
export const ITEM_COLUMNS = [
  "position",
  "sku",
  "name",
  "quantity",
  "unit_price",
  "discount_percent",
  "discount",
  "tax_rate",
  "line_total",
  "tax",
  "item_id",
  "product_id",
  "attributes",
] as const;
export type ItemColumn = typeof ITEM_COLUMNS[number];

export const CUSTOMER_COLUMNS = [
  "name",
  "kind",
  "email",
  "phone",
  "tax_id",
  "billing_address",
  "shipping_address",
  "tags",
  "created_at",
  "id",
  "custom",
  "version",
  "created_by",
  "updated_at",
  "deleted_at",
] as const;
export type CustomerColumn = typeof CUSTOMER_COLUMNS[number];

export const PRODUCT_COLUMNS = [
  "sku",
  "name",
  "unit_price",
  "currency",
  "tax_rate",
  "unit",
  "active",
  "created_at",
  "id",
  "custom",
  "version",
  "created_by",
  "updated_at",
  "deleted_at",
] as const;
export type ProductColumn = typeof PRODUCT_COLUMNS[number];

/** The columns of a file when nobody chose any. */
export const DEFAULT_COLUMNS = {
  orders: ORDER_COLUMNS.slice(0, 11),
  items: [...ORDER_COLUMNS.slice(0, 5), ...ITEM_COLUMNS.slice(0, 10)],
  customers: CUSTOMER_COLUMNS.slice(0, 9),
  products: PRODUCT_COLUMNS.slice(0, 8),
} as const satisfies Record<string, readonly string[]>;

/** A filter as the list's query has it; numbers, booleans and lists are written as text there. */
const filter = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]).nullable();

/** A list's query as texts, from filters; what is empty is not asked for. */
function queryTexts(filters: Readonly<Record<string, z.infer<typeof filter>>>) {
  const texts = Object.entries(filters).map(([name, value]) => [name, String(value ?? "")]);
  return Object.fromEntries(texts.filter(([, value]) => value?.trim() !== ""));
}

/** The names of columns, each an existing one and none twice. */
function columnNames(known: readonly [string, ...string[]]) {
  return z.array(
    z.enum(known, {
      error: ({ input }) => `There is no column ${JSON.stringify(input)?.slice(0, 100)}.`,
    }),
  ).min(1, "At least one column.").superRefine((names, context) => {
    names.forEach((name, place) => {
      if (names.indexOf(name) === place) return;
      context.addIssue({ code: "custom", message: `${name} is named twice.`, path: [place] });
    });
  });
}

/** Paging is no filter: an export holds all that the list does. */
const withoutPages = { limit: true, cursor: true } as const;

/** The list's queries that an export takes: filters, search and sort. */
export const EXPORT_QUERIES = {
  orders: orderListQuery.omit(withoutPages),
  customers: customerListQuery.omit(withoutPages),
  products: productListQuery.omit(withoutPages),
};

const asked = <K extends readonly [string, ...string[]]>(known: K) => ({
  format: z.enum(EXPORT_FORMATS),
  filters: z.record(z.string(), filter).default({}).meta({
    description: "The list's query parameters: filters and search",
  }),
  columns: columnNames(known).optional().meta({
    description: "Which, in this order; their names are the header",
  }),
  sort: z.string().optional().meta({ description: "As the list takes it" }),
});

type Asked = {
  filters: Readonly<Record<string, z.infer<typeof filter>>>;
  sort?: string | undefined;
};

/** Holds filters and sort against the list's own query, and adds every complaint to the body's. */
function queryOf(entity: ExportEntity, { filters, sort }: Asked, context: z.RefinementCtx) {
  const query = queryTexts({ ...filters, ...(sort === undefined ? {} : { sort }) });
  const checked = EXPORT_QUERIES[entity].safeParse(query);
  for (const { path, message, ...issue } of checked.error?.issues ?? []) {
    const where = path[0] === "sort" && sort !== undefined ? [] : ["filters"];
    if (issue.code === "unrecognized_keys") {
      const { keys } = issue;
      context.addIssue({ code: issue.code, keys, message, path: where, input: query });
    } else {
      context.addIssue({ code: "custom", message, path: [...where, ...path], input: query });
    }
  }
  return query;
}

/** `POST /orders/export` */
export const orderExport = z.strictObject({
  ...asked([...ORDER_COLUMNS, ...ITEM_COLUMNS]),
  rows: z.enum(["orders", "items"]).default("orders").meta({
    description: "A row for each order, or for each item with its order's columns",
  }),
}).transform((body, context) => {
  const { format, rows, columns } = body;
  const ofItems: ReadonlySet<string> = new Set(ITEM_COLUMNS);
  columns?.forEach((name, place) => {
    if (rows === "items" || !ofItems.has(name)) return;
    const message = `${name} is a column of items; ask for rows: "items".`;
    context.addIssue({ code: "custom", message, path: ["columns", place] });
  });
  return {
    entity: "orders" as const,
    format,
    rows,
    columns,
    query: queryOf("orders", body, context),
  };
}).meta({ id: "OrderExport" });

/** `POST /customers/export` */
export const customerExport = z.strictObject(asked(CUSTOMER_COLUMNS)).transform(
  (body, context) => ({
    entity: "customers" as const,
    format: body.format,
    columns: body.columns,
    query: queryOf("customers", body, context),
  }),
).meta({ id: "CustomerExport" });

/** `POST /products/export` */
export const productExport = z.strictObject(asked(PRODUCT_COLUMNS)).transform(
  (body, context) => ({
    entity: "products" as const,
    format: body.format,
    columns: body.columns,
    query: queryOf("products", body, context),
  }),
).meta({ id: "ProductExport" });

const time = () => z.iso.datetime({ offset: true });

/** An export as every answer shows it. */
export const exportDocument = z.object({
  id: z.uuid(),
  entity: z.enum(EXPORT_ENTITIES),
  rows: z.enum(["orders", "items"]),
  format: z.enum(EXPORT_FORMATS),
  status: z.enum(EXPORT_STATUSES),
  progress: z.object({
    done: z.int(),
    total: z.int().nullable().meta({ description: "null until it is counted" }),
  }),
  file_name: z.string(),
  byte_size: z.int().nullable(),
  download_url: z.url().optional().meta({
    description: "In a single finished export; holds for 5 minutes",
  }),
  error: z.string().nullable().meta({ description: "Why it failed, in plain words" }),
  requested_by: z.uuid(),
  created_at: time(),
  finished_at: time().nullable(),
  expires_at: time().nullable(),
}).meta({ id: "Export" });
export type Export = z.infer<typeof exportDocument>;

/** The answer to a request for an export. */
export const exportRequested = z.object({ export: exportDocument }).meta({ id: "ExportRequested" });

export const exportList = listOf(exportDocument).meta({ id: "ExportList" });

/** The query of `GET /exports`. */
export const exportListQuery = z.strictObject({
  status: z.enum(EXPORT_STATUSES).optional(),
  entity: z.enum(EXPORT_ENTITIES).optional(),
  sort: z.enum(["-created_at", "created_at"]).default("-created_at"),
  ...paging,
});
export type ExportListQuery = z.infer<typeof exportListQuery>;
