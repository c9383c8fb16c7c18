/**
 * The worker: takes jobs out of the queue in Postgres and runs them, until it is told to stop.
 * It outlives restarts of the database; it ends by itself only when waiting cannot help.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import postgres, { type Sql } from "postgres";
import { readEnv } from "./env.ts";
import { serveLivez } from "./livez.ts";
import { makeLogger } from "./logger.ts";
import { CONCURRENCY, startRun } from "./runner.ts";

const RETRY_MS = { first: 250, most: 10_000 };
/** Whatever hangs, the process is gone by then. */
const EXIT_AFTER_MS = 9_500;
/** Wrong password, no such role or database, a missing right: nothing that time heals. */
const HOPELESS = new Set(["28P01", "28000", "3D000", "42501"]);
/** Set by Graphile Worker when the queue's schema is newer than this program. */
const SCHEMA_TOO_NEW = 57;

const env = readEnv();
const log = makeLogger(env.LOG_LEVEL);
const sql = postgres(env.DATABASE_URL, {
  max: CONCURRENCY + 1,
  idle_timeout: 60,
  connect_timeout: 5,
  connection: { application_name: "kontor-worker tasks" },
  onnotice: () => {},
});

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return;
    log.info({ signal }, "stopping");
    stopping.abort();
    setTimeout(() => process.exit(0), EXIT_AFTER_MS).unref();
  });
}

let running = false;
await serveLivez({ host: env.HOST, port: env.PORT, sql, running: () => running });
const exitCode = await keepRunning(sql, log);
await sql.end({ timeout: 1 });
process.exit(exitCode);

/** Starts the runner, and again whenever it ends by itself. Resolves with the exit code. */
async function keepRunning(sql: Sql, log: Logger): Promise<number> {
  const told = new Promise<void>((resolve) => {
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let delay = RETRY_MS.first;
  while (!stopping.signal.aborted) {
    try {
      const { ended, stop } = await startRun(env.DATABASE_URL, sql, log);
      running = true;
      delay = RETRY_MS.first;
      await Promise.race([ended, told]);
      running = false;
      await stop();
      if (!stopping.signal.aborted) log.warn({ retry_in_ms: delay }, "the runner ended by itself");
    } catch (error) {
      if (process.exitCode === SCHEMA_TOO_NEW || HOPELESS.has(codeOf(error))) {
        log.fatal({ err: error }, "cannot work with this database");
        return 1;
      }
      log.warn({ err: error, retry_in_ms: delay }, "no database, trying again");
    }
    await sleep(delay, undefined, { signal: stopping.signal }).catch(() => {});
    delay = Math.min(delay * 2, RETRY_MS.most);
  }
  return 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
