/** A record's history, as its readers may see it. */
import { z } from "zod";
import { timestamp } from "./common.ts";

export const timeline = z.object({
  data: z.array(z.object({
    at: timestamp(),
    kind: z.string().meta({
      description:
        "created, updated, status_changed, deleted, restored; item_added, item_changed, item_removed; " +
        "file_added, file_removed; mailed, mail_failed; document_made; erased; " +
        "to admins also webhook_waiting, webhook_delivered, webhook_failed",
    }),
    actor: z.object({
      kind: z.string(),
      id: z.string().nullable(),
      email: z.string().nullish(),
      name: z.string().nullish(),
    }),
    summary: z.string(),
    changes: z.record(z.string(), z.array(z.unknown())).nullish(),
    currency: z.string().nullish().meta({ description: "What amounts among the changes are in." }),
  })),
}).meta({ id: "Timeline" });
export type TimelineEntry = z.infer<typeof timeline>["data"][number];
