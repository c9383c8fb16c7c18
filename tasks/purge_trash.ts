import { z } from "zod";
import { defineTask } from "./task.ts";

/** Deletes for good what has been in the trash for 30 days and nothing live refers to. */
export const purgeTrash = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log }) {
    const [row] = await sql<{ purged: number }[]>`select private.purge_trash() as purged`;
    log.info({ purged: row?.purged }, "purged the trash");
  },
});
