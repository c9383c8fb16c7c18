import { z } from "zod";
import { defineTask } from "./task.ts";

/**
 * Expires exports after their seven days and has their files deleted; ends those whose worker died
 * too often to try again. When that is, is the database's rule.
 */
export const expireExports = defineTask({
  payload: z.object({}),
  async run(_payload, { sql, log }) {
    const [row] = await sql<{ expired: number }[]>`select private.expire_exports() as expired`;
    log.info({ expired: row?.expired }, "expired exports");
  },
});
