/**
 * The worker: takes jobs out of the queue in Postgres and runs them, until it is told to stop.
 * It outlives restarts of the database; it ends by itself only when waiting cannot help.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import postgres from "postgres";
import { endOnCrash } from "../functions/_shared/telemetry/crashes.ts";
import { startReporting, stopReporting } from "../functions/_shared/telemetry/reporting.ts";
import { startTracing, stopTracing } from "../functions/_shared/telemetry/tracing.ts";
import { readEnv } from "./env.ts";
import { serveLivez } from "./livez.ts";
import { makeLogger } from "./logger.ts";
import { makeMetrics } from "./metrics.ts";
import { type Run, startRun, type Work } from "./runner.ts";
import type { Registry } from "./task.ts";

const RETRY_MS = { first: 250, most: 10_000 };
const DELIVERY_CONNECTIONS = 4;
/** The first retry is due after seconds. */
const DELIVERY_POLL_MS = 500;
/** Whatever hangs, the process is gone by then. */
const EXIT_AFTER_MS = 9_500;
/** Wrong password, no such role or database, a missing right: nothing that time heals. */
const HOPELESS = new Set(["28P01", "28000", "3D000", "42501"]);
/** Set by Graphile Worker when the queue's schema is newer than this program. */
const SCHEMA_TOO_NEW = 57;

type Program = Omit<Work, "concurrency"> & {
  /** Tasks that run beside the others and do not take their places. */
  readonly deliveries?: Registry;
};

/**
 * Runs until SIGTERM or SIGINT, then ends the process.
 * @throws Error naming what is wrong in the environment, or when the port cannot be had.
 */
export async function work({ deliveries, ...what }: Program): Promise<never> {
  const env = readEnv();
  const log = makeLogger(env.LOG_LEVEL);
  await startTracing("worker", env.KONTOR_VERSION, env);
  await startReporting("worker", env.KONTOR_VERSION, env);
  endOnCrash(log);
  const sql = postgres(env.DATABASE_URL, {
    // One for each job, one for its progress, one for who asks whether we live, one to look after analysts,
    // and for deliveries, which need one for a moment at a time.
    max: env.WORKER_CONCURRENCY + 3 + (deliveries ? DELIVERY_CONNECTIONS : 0),
    idle_timeout: 60,
    connect_timeout: 5,
    connection: { application_name: "kontor-worker tasks" },
    onnotice: () => {},
  });
  const metrics = makeMetrics(sql, {
    version: env.KONTOR_VERSION,
    backsUp: env.BACKUP_RECIPIENT !== undefined,
  });
  const stopping = stopSignal(log);
  let running = false;
  await serveLivez({
    host: env.HOST,
    port: env.PORT,
    sql,
    metrics,
    version: env.KONTOR_VERSION,
    running: () => running,
  });
  const exitCode = await keepRunning(log, stopping, {
    start: async () => {
      const resources = { databaseUrl: env.DATABASE_URL, sql, log, metrics };
      const first = await startRun({ ...what, concurrency: env.WORKER_CONCURRENCY }, resources);
      if (!deliveries) return first;
      const beside = {
        registry: deliveries,
        schedule: [],
        concurrency: env.WEBHOOK_CONCURRENCY,
        pollMs: DELIVERY_POLL_MS,
      };
      return together(first, () => startRun(beside, resources));
    },
    running: (now) => {
      running = now;
    },
  });
  await Promise.all([sql.end({ timeout: 1 }), stopTracing(), stopReporting()]);
  process.exit(exitCode);
}

/** Two runs as one: when either ends, both do. */
async function together(first: Run, startSecond: () => Promise<Run>): Promise<Run> {
  try {
    const second = await startSecond();
    return {
      ended: Promise.race([first.ended, second.ended]),
      async stop() {
        await Promise.all([first.stop(), second.stop()]);
      },
    };
  } catch (error) {
    await first.stop();
    throw error;
  }
}

/** Aborted when the process is asked to stop; whatever then hangs is cut off. */
function stopSignal(log: Logger): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) return;
      log.info({ signal }, "stopping");
      stopping.abort();
      setTimeout(() => process.exit(0), EXIT_AFTER_MS).unref();
    });
  }
  return stopping.signal;
}

type Runs = { start(): Promise<Run>; running(now: boolean): void };

/** Starts the runner, and again whenever it ends by itself. Resolves with the exit code. */
async function keepRunning(log: Logger, stopping: AbortSignal, runs: Runs): Promise<number> {
  const told = new Promise<void>((resolve) => {
    stopping.addEventListener("abort", () => resolve(), { once: true });
  });
  let delay = RETRY_MS.first;
  while (!stopping.aborted) {
    try {
      const { ended, stop } = await runs.start();
      runs.running(true);
      delay = RETRY_MS.first;
      await Promise.race([ended, told]);
      runs.running(false);
      await stop();
      if (!stopping.aborted) log.warn({ retry_in_ms: delay }, "the runner ended by itself");
    } catch (error) {
      if (process.exitCode === SCHEMA_TOO_NEW || HOPELESS.has(codeOf(error))) {
        log.fatal({ err: error }, "cannot work with this database");
        return 1;
      }
      log.warn({ err: error, retry_in_ms: delay }, "no database, trying again");
    }
    await sleep(delay, undefined, { signal: stopping }).catch(() => {});
    delay = Math.min(delay * 2, RETRY_MS.most);
  }
  return 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
