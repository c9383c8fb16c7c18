import { z } from "zod";
import { defineTask } from "./task.ts";

/** As many entries in one transaction: a second's work, so that a stop loses little. */
const BATCH = 5_000;

/**
 * Adds what was written since the last time to the tenants' chains of hashes. Until then, for about a
 * minute, whoever owns the database could change an entry unseen; writers never wait for a hash.
 */
export const sealAudit = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, signal, log }) {
    let total = 0;
    for (let sealed = BATCH; sealed === BATCH && !signal.aborted; total += sealed) {
      const [row] = await sql<{ sealed: number }[]>`select private.seal_audit(${BATCH}) as sealed`;
      sealed = row?.sealed ?? 0;
    }
    if (total > 0) log.info({ sealed: total }, "sealed the audit log");
  },
});
