/** Products: what goes in, what comes out, what lists can be asked. */
import { z } from "zod";
import {
  currency,
  deleted,
  listOf,
  openObject,
  paging,
  percent,
  search,
  text,
  unitPrice,
} from "./common.ts";

const fields = {
  sku: text(1_000, 1),
  name: text(1_000, 1),
  unit_price: unitPrice(),
  currency: currency(),
  tax_rate: percent(),
  unit: text().nullable(),
  active: z.boolean(),
  custom: openObject(),
};

export const productCreate = z.strictObject(fields).partial()
  .required({ sku: true, name: true, unit_price: true }).meta({ id: "ProductCreate" });
export type ProductCreate = z.infer<typeof productCreate>;
export const productUpdate = z.strictObject(fields).partial().meta({ id: "ProductUpdate" });
export type ProductUpdate = z.infer<typeof productUpdate>;

/** A product as every answer shows it. */
export const product = z.object({
  id: z.uuid(),
  sku: z.string(),
  name: z.string(),
  unit_price: z.number(),
  currency: z.string(),
  tax_rate: z.number(),
  unit: z.string().nullable(),
  active: z.boolean(),
  custom: openObject(),
  version: z.int(),
  created_by: z.uuid().nullable(),
  created_at: z.iso.datetime({ offset: true }),
  updated_at: z.iso.datetime({ offset: true }),
  deleted_at: z.iso.datetime({ offset: true }).nullable(),
}).meta({ id: "Product" });
export type Product = z.infer<typeof product>;

export const productList = listOf(product).meta({ id: "ProductList" });

export const PRODUCT_SORTS = [
  "name",
  "-name",
  "sku",
  "-sku",
  "unit_price",
  "-unit_price",
  "created_at",
  "-created_at",
] as const;

/** The query of `GET /products`. */
export const productListQuery = z.strictObject({
  q: search().meta({ description: "Name or SKU; forgives a wrong letter" }),
  active: z.enum(["true", "false"]).optional(),
  deleted: deleted(),
  sort: z.enum(PRODUCT_SORTS).default("name"),
  ...paging,
});
export type ProductListQuery = z.infer<typeof productListQuery>;
