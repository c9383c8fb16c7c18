import { z } from "zod";
import { deleteOlder } from "./delete_older.ts";
import { abortUnfinished } from "./exports/upload.ts";
import { objectStore } from "./s3.ts";
import { defineTask } from "./task.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Where files are sent before they are looked at; private.upload_key() says so too. */
const INCOMING = "incoming/";

/**
 * Forgets files that were announced a day ago and never completed, with what was sent of them, and
 * takes back what uploads in parts left in the store that were begun a day ago and never finished.
 */
export const sweepUploads = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log }) {
    const store = objectStore();
    const dayAgo = new Date(Date.now() - DAY_MS);
    const [row] = await sql<{ swept: number }[]>`select private.sweep_uploads() as swept`;
    const deleted = await deleteOlder(store, INCOMING, dayAgo);
    const aborted = await abortUnfinished(store, { prefix: "", begunBefore: dayAgo });
    log.info({ swept: row?.swept, deleted, aborted }, "swept unfinished uploads");
  },
});
