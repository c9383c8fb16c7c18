/** What an export is to be, as the database tells the task (private.begin_export). */
import { z } from "zod";
import { EXPORT_ENTITIES, EXPORT_FORMATS } from "../../functions/_shared/contracts/exports.ts";

export const wanted = z.object({
  id: z.guid(),
  entity: z.enum(EXPORT_ENTITIES),
  format: z.enum(EXPORT_FORMATS),
  rows: z.enum(["orders", "items"]),
  query: z.record(z.string(), z.string()),
  columns: z.array(z.string()).min(1).nullable(),
  file_name: z.string(),
  requested_by: z.guid(),
  tenant: z.object({
    id: z.guid(),
    name: z.string(),
    currency: z.string(),
    time_zone: z.string(),
    locale: z.string(),
  }),
});

export type Wanted = z.output<typeof wanted>;
