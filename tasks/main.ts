/**
 * The worker: takes jobs out of the queue in Postgres and runs them, until it is told to stop.
 * It outlives restarts of the database; it ends by itself only when waiting cannot help.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseCronItems, type Runner, run } from "graphile-worker";
import type { Logger } from "pino";
import postgres, { type Sql } from "postgres";
import { readEnv } from "./env.ts";
import { serveLivez } from "./livez.ts";
import { makeLogger, workerLogger } from "./logger.ts";
import { prepareQueue } from "./queue.ts";
import { registry } from "./registry.ts";
import { schedule } from "./schedule.ts";
import { toTaskList } from "./task.ts";

const CONCURRENCY = 3;
/** Tasks may leave of themselves for this long, are then told to, and in the end are cut off. */
const ABORT_AFTER_MS = 4_000;
const KILL_AFTER_MS = 7_000;
const EXIT_AFTER_MS = 9_500;
const RETRY_MS = { first: 250, most: 10_000 };
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
  connection: { application_name: "kontor-worker" },
  onnotice: () => {},
});

const stopping = new AbortController();
let runner: Runner | undefined;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return;
    log.info({ signal }, "stopping");
    stopping.abort();
    void stopRunner();
  });
}

const server = await serveLivez({
  host: env.HOST,
  port: env.PORT,
  sql,
  running: () => runner !== undefined,
});
process.exitCode = await keepRunning(sql, log);
server.close();
server.closeAllConnections();
await sql.end({ timeout: 1 });

/** Starts the runner, and again whenever it ends by itself. Resolves with the exit code. */
async function keepRunning(sql: Sql, log: Logger): Promise<number> {
  let delay = RETRY_MS.first;
  while (!stopping.signal.aborted) {
    try {
      await prepareQueue(sql);
      runner = await startRunner(sql, log);
      if (stopping.signal.aborted) await stopRunner();
      delay = RETRY_MS.first;
      await runner.promise;
      if (!stopping.signal.aborted) log.warn("the runner ended by itself");
    } catch (error) {
      if (process.exitCode === SCHEMA_TOO_NEW || HOPELESS.has(codeOf(error))) {
        log.fatal({ err: error }, "cannot work with this database");
        return 1;
      }
      log.warn({ err: error, retry_in_ms: delay }, "lost the database, trying again");
    } finally {
      runner = undefined;
    }
    await sleep(delay, undefined, { signal: stopping.signal }).catch(() => {});
    delay = Math.min(delay * 2, RETRY_MS.most);
  }
  return 0;
}

function startRunner(sql: Sql, log: Logger): Promise<Runner> {
  return run({
    connectionString: env.DATABASE_URL,
    // One connection for each job, one that listens, one for the clock.
    maxPoolSize: CONCURRENCY + 2,
    concurrency: CONCURRENCY,
    taskList: toTaskList(registry, { sql, log }),
    parsedCronItems: parseCronItems(schedule),
    logger: workerLogger(log),
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
  });
}

/** Lets running jobs end; cuts them off, and then the process, when they do not. */
async function stopRunner(): Promise<void> {
  setTimeout(() => process.exit(0), EXIT_AFTER_MS).unref();
  const current = runner;
  if (!current) return;
  setTimeout(
    () => void current.kill("took too long to stop").catch(() => {}),
    KILL_AFTER_MS,
  ).unref();
  await current.stop("asked to stop").catch(() => {}); // it may have ended by itself meanwhile
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
