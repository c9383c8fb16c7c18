/** Customers: what goes in, what comes out, what lists can be asked. */
import { z } from "zod";
import { address, deleted, listOf, openObject, paging, search, text } from "./common.ts";

export const customerKind = z.enum(["company", "person"]);

const tags = () => z.array(text(1_000, 1)).max(50);
const email = () =>
  text(320).refine(
    (value) => /^[^\s@]+@[^\s@]+$/.test(value),
    "An e-mail address, such as anna@example.com.",
  );

const fields = {
  kind: customerKind,
  name: text(1_000, 1),
  email: email().nullable(),
  phone: text().nullable(),
  tax_id: text().nullable(),
  billing_address: address().nullable(),
  shipping_address: address().nullable(),
  tags: tags(),
  custom: openObject(),
};

export const customerCreate = z.strictObject(fields).partial().required({ name: true })
  .meta({ id: "CustomerCreate" });
export type CustomerCreate = z.infer<typeof customerCreate>;
export const customerUpdate = z.strictObject(fields).partial().meta({ id: "CustomerUpdate" });
export type CustomerUpdate = z.infer<typeof customerUpdate>;

/** A customer as every answer shows it. */
export const customer = z.object({
  id: z.uuid(),
  kind: customerKind,
  name: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  tax_id: z.string().nullable(),
  billing_address: z.record(z.string(), z.string()).nullable(),
  shipping_address: z.record(z.string(), z.string()).nullable(),
  tags: z.array(z.string()),
  custom: openObject(),
  version: z.int(),
  created_by: z.uuid().nullable(),
  created_at: z.iso.datetime({ offset: true }),
  updated_at: z.iso.datetime({ offset: true }),
  deleted_at: z.iso.datetime({ offset: true }).nullable(),
}).meta({ id: "Customer" });
export type Customer = z.infer<typeof customer>;

export const customerList = listOf(customer).meta({ id: "CustomerList" });

export const CUSTOMER_SORTS = ["name", "-name", "created_at", "-created_at"] as const;

/** The query of `GET /customers`. */
export const customerListQuery = z.strictObject({
  q: search().meta({ description: "Name, e-mail, phone or tax id; forgives a wrong letter" }),
  kind: customerKind.optional(),
  tag: text(1_000, 1).optional(),
  deleted: deleted(),
  sort: z.enum(CUSTOMER_SORTS).default("name"),
  ...paging,
});
export type CustomerListQuery = z.infer<typeof customerListQuery>;
