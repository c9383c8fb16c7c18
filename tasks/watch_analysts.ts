/**
 * Looks after the analysts' logins, until `signal` is aborted: their statements end after a minute whatever
 * the session sets, and their tenant's log hears of connections and statements.
 *
 * A look costs a few milliseconds, and the analysts' own statements nothing: what ran is read from
 * pg_stat_statements, which counts in memory anyway. Of several workers one looks.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Sql } from "postgres";

const PAUSE_MS = 5_000;

/** Never rejects: what cannot be seen now is seen at the next look. */
export async function watchAnalysts(sql: Sql, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const [row] = await sql<{ stopped: number }[]>`select private.watch_analysts() as stopped`;
      if (row && row.stopped > 0) log.info({ stopped: row.stopped }, "stopped long statements");
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, "could not look after the analysts");
    }
    await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}
