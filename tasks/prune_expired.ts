import { z } from "zod";
import { defineTask } from "./task.ts";

/**
 * Forgets what has run out: answers kept for an Idempotency-Key (24 hours) and invitations that were
 * never accepted. What counts as run out is the database's rule.
 */
export const pruneExpired = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log }) {
    const [row] = await sql<{ pruned: unknown }[]>`select private.prune_expired() as pruned`;
    log.info({ pruned: row?.pruned }, "pruned what has expired");
  },
});
