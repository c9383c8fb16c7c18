/** What open pages are told: that something changed, and which; never what is in it. */
import { z } from "zod";
import { EXPORT_STATUSES } from "./exports.ts";
import { entityType } from "./files.ts";

export const liveEvent = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("export"),
    id: z.uuid(),
    status: z.enum(EXPORT_STATUSES),
    progress: z.object({ done: z.int(), total: z.int().nullable() }),
  }).meta({ description: "An export is asked for, gets on, or ends. Members." }),
  z.object({ kind: z.literal("jobs") }).meta({
    description: "The tenant's queue changed; said at most once a second by the worker. Admins.",
  }),
  z.object({ kind: z.literal("order"), id: z.uuid() }).meta({
    description: "An order changed its status, or went to or came from the trash.",
  }),
  z.object({ kind: z.literal("files"), entity_type: entityType, entity_id: z.uuid() }).meta({
    description: "The files of a record are others now.",
  }),
  z.object({ kind: z.literal("refresh") }).meta({
    description: "Events may have been missed: fetch again what is shown.",
  }),
]).meta({ id: "LiveEvent" });
export type LiveEvent = z.infer<typeof liveEvent>;
