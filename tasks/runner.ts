/** One run of Graphile Worker's runner: from the database being there until it is gone or we stop. */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CronItem,
  parseCronItems,
  run,
  type WorkerEventMap,
  type WorkerEvents,
  type WorkerPool,
} from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";
import { workerLogger } from "./logger.ts";
import type { JobMetrics } from "./metrics.ts";
import { freeAbandonedJobs, poolName, prepareQueue, returnUnbegun } from "./queue.ts";
import { toTaskList } from "./run_task.ts";
import type { Registry } from "./task.ts";
import { tellJobs } from "./tell_jobs.ts";
import { watchAnalysts } from "./watch_analysts.ts";

/**
 * Jobs are fetched in batches: one at a time the queue gives a tenth of what it can. What has waited
 * here for TTL_MS goes back, so that a tenant's first job never waits behind a batch of long ones.
 */
const BATCH = { size: 200, ttl: 500 };
/** What is done within so many milliseconds is written at once. */
const OUTCOMES_MS = 10;
/** One that fetches, two that write outcomes, one that listens, one for the clock. */
const CONNECTIONS = 5;
/** Where there is no clock, and jobs are few. */
const CONNECTIONS_WITHOUT_CLOCK = 3;
/** Running jobs may end by themselves for this long, are then told to, and in the end are cut off. */
const ABORT_AFTER_MS = 4_000;
const CUT_OFF_AFTER_MS = 6_000;
/** By then a batch is on its way back. */
const RETURN_MS = 50;

type LocalQueue = WorkerEventMap["localQueue:init"]["localQueue"];

/** What a worker runs. */
export type Work = {
  readonly registry: Registry;
  readonly schedule: CronItem[];
  /** How many jobs at once. */
  readonly concurrency: number;
  /** How often it looks for jobs whose time has come, in milliseconds; those for now are told of. */
  readonly pollMs?: number;
};

type Resources = { databaseUrl: string; sql: Sql; log: Logger; metrics: JobMetrics };

export type Run = {
  /** Settles when the runner has ended by itself: the database is gone. */
  ended: Promise<void>;
  /** Lets running jobs end, and gives back those that do not. Within about eight seconds. */
  stop(): Promise<void>;
};

/**
 * Migrates the queue, starts to take jobs, and frees what dead workers left.
 * @throws the database's error when it is not there or not ours.
 */
export async function startRun(
  { registry, schedule, concurrency, pollMs = 2_000 }: Work,
  { databaseUrl, sql, log, metrics }: Resources,
): Promise<Run> {
  const logger = workerLogger(log);
  await prepareQueue(databaseUrl, sql, logger);
  let pool: WorkerPool | undefined;
  const events: WorkerEvents = new EventEmitter();
  events.once("pool:create", ({ workerPool }) => {
    pool = workerPool;
  });
  events.on("pool:listen:success", ({ client, workerPool }) => {
    const name = poolName(workerPool.id);
    client.once("drain", () => {
      // A lost connection is made again, and named again.
      client.query("select set_config('application_name', $1, false)", [name]).catch(() => {});
      // Whoever has SQL may notify, analysts too, and the runner would end at a word about a new schema.
      // Ours is told of a new version by being replaced.
      client.query('unlisten "worker:migrate"').catch(() => {});
    });
  });
  // A batch comes in no order; whose turn it is comes first.
  events.on("localQueue:getJobs:complete", ({ jobs }) => {
    jobs.sort((a, b) => a.priority - b.priority || a.run_at.getTime() - b.run_at.getTime());
  });
  const over = new AbortController();
  tellJobs(events, sql, log, over.signal);
  let batches: LocalQueue | undefined;
  events.once("localQueue:init", ({ localQueue }) => {
    batches = localQueue;
  });
  const runner = await run({
    connectionString: databaseUrl,
    maxPoolSize: schedule.length > 0 ? CONNECTIONS : CONNECTIONS_WITHOUT_CLOCK,
    concurrency,
    pollInterval: pollMs,
    taskList: toTaskList(registry, { sql, log, metrics }),
    parsedCronItems: parseCronItems(schedule),
    logger,
    events,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
    // Without these delays the runner does not wait for a job's outcome to be written when it stops,
    // and an outcome that cannot be written ends the process.
    preset: {
      worker: { localQueue: BATCH, completeJobBatchDelay: OUTCOMES_MS, failJobBatchDelay: 0 },
    },
  });
  void freeAbandonedJobs(sql, pool?.id ?? "", log, over.signal);
  if (schedule.length > 0) void watchAnalysts(sql, log, over.signal);
  return {
    ended: runner.promise.catch((error) => log.warn({ err: error }, "the runner failed")),
    async stop() {
      over.abort();
      await stopRun(runner, pool, batches);
      if (pool) await returnUnbegun(sql, pool.id).catch((err) => log.warn({ err }, "held jobs"));
    },
  };
}

async function stopRun(
  runner: { stop(reason: string): Promise<void> },
  pool: WorkerPool | undefined,
  batches: LocalQueue | undefined,
): Promise<void> {
  // Graphile Worker 0.18 cannot give a batch back while it does nothing else in the background.
  // biome-ignore lint/complexity/useLiteralKeys: the library keeps it private.
  if (batches && batches.mode !== "RELEASED") batches["background"](sleep(RETURN_MS));
  const late = new AbortController();
  const gracefully = runner.stop("asked to stop").finally(() => late.abort());
  const forcibly = sleep(CUT_OFF_AFTER_MS, undefined, { signal: late.signal }).then(() =>
    pool?.forcefulShutdown("The worker stopped before this job had ended."),
  );
  await Promise.allSettled([gracefully, forcibly]);
}
