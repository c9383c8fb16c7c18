import { z } from "zod";
import { defineTask } from "./task.ts";

/** Deletes for good what has been in the trash for 30 days and nothing live refers to. */
export const purgeTrash = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log, signal }) {
    // In small transactions: nobody waits for long, and what is done stays done.
    let all = 0;
    for (let purged = -1; purged !== 0 && !signal.aborted; all += purged) {
      const [row] = await sql<{ purged: number }[]>`select private.purge_trash() as purged`;
      purged = row?.purged ?? 0;
    }
    log.info({ purged: all }, "purged the trash");
  },
});
