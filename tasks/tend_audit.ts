import { z } from "zod";
import { defineTask } from "./task.ts";

/** Makes the audit log's coming months, and deletes what is older than each tenant keeps. */
export const tendAudit = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log }) {
    await sql`select private.make_audit_partitions()`;
    const [row] = await sql<{ pruned: number }[]>`select private.prune_audit() as pruned`;
    log.info({ pruned: row?.pruned }, "tended the audit log");
  },
});
