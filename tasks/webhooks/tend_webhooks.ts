import { z } from "zod";
import { defineTask } from "../task.ts";

/** Takes up deliveries whose job was lost or cancelled, and forgets what is older than 30 days. */
export const tendWebhooks = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log }) {
    const [row] = await sql<{ pruned: number }[]>`select private.tend_webhooks() as pruned`;
    if (row && row.pruned > 0) log.info({ events: row.pruned }, "forgot old events");
  },
});
