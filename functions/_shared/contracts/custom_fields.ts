/** Custom fields: what a tenant keeps about its customers, products and orders beyond our columns. */
import { z } from "zod";
import { text, timestamp, uuid } from "./common.ts";

export const CUSTOM_ENTITIES = ["customer", "product", "order"] as const;
export const customEntity = z.enum(CUSTOM_ENTITIES);
export type CustomEntity = z.infer<typeof customEntity>;

export const CUSTOM_TYPES = ["text", "number", "date", "boolean", "choice"] as const;
export const customType = z.enum(CUSTOM_TYPES);

const key = () =>
  z.string().regex(
    /^[a-z][a-z0-9_]{0,62}$/,
    "A lower-case letter, then lower-case letters, digits or underscores.",
  ).meta({ description: "Its name in the custom object; never changes", example: "cost_centre" });

const changeable = {
  label: text(100, 1),
  required: z.boolean(),
  choices: z.array(text(200, 1)).max(100).meta({
    description: "What a field of type choice may hold; none for other types",
  }),
  position: z.int().min(-1_000_000).max(1_000_000).meta({
    description: "Least first; without it the field comes last",
  }),
};

export const newCustomField = z.strictObject({
  entity: customEntity,
  key: key(),
  type: customType,
  ...changeable,
}).partial({ required: true, choices: true, position: true }).meta({ id: "NewCustomField" });
export type NewCustomField = z.infer<typeof newCustomField>;

export const customFieldPatch = z.strictObject(changeable).partial()
  .meta({ id: "CustomFieldPatch" });
export type CustomFieldPatch = z.infer<typeof customFieldPatch>;

/** A custom field as every answer shows it. */
export const customField = z.object({
  id: uuid(),
  entity: customEntity,
  key: z.string(),
  label: z.string(),
  type: customType,
  required: z.boolean(),
  choices: z.array(z.string()),
  position: z.int(),
  created_at: timestamp(),
}).meta({ id: "CustomField" });
export type CustomField = z.infer<typeof customField>;

export const customFieldList = z.object({ data: z.array(customField) });

/** The query of `GET /custom-fields`. */
export const customFieldQuery = z.strictObject({ entity: customEntity.optional() });
