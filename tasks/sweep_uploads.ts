import { z } from "zod";
import { abortUnfinished } from "./exports/upload.ts";
import { objectStore } from "./s3.ts";
import { defineTask } from "./task.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Forgets files that were announced a day ago and never came, and takes back what uploads in parts
 * left in the store that were begun a day ago and never finished.
 */
export const sweepUploads = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log }) {
    const [row] = await sql<{ swept: number }[]>`select private.sweep_uploads() as swept`;
    const aborted = await abortUnfinished(objectStore(), "", new Date(Date.now() - DAY_MS));
    log.info({ swept: row?.swept, aborted }, "swept unfinished uploads");
  },
});
