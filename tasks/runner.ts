/** One run of Graphile Worker's runner: from the database being there until it is gone or we stop. */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { parseCronItems, run, type WorkerEvents, type WorkerPool } from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";
import { workerLogger } from "./logger.ts";
import { freeAbandonedJobs, poolName, prepareQueue } from "./queue.ts";
import { registry } from "./registry.ts";
import { schedule } from "./schedule.ts";
import { toTaskList } from "./task.ts";

export const CONCURRENCY = 3;
/** Running jobs may end by themselves for this long, are then told to, and in the end are cut off. */
const ABORT_AFTER_MS = 4_000;
const CUT_OFF_AFTER_MS = 6_000;

export type Run = {
  /** Settles when the runner has ended by itself: the database is gone. */
  ended: Promise<void>;
  /** Lets running jobs end, and gives back those that do not. Within about eight seconds. */
  stop(): Promise<void>;
};

/**
 * Migrates the queue, frees what a dead worker left, and starts to take jobs.
 * @throws the database's error when it is not there or not ours.
 */
export async function startRun(databaseUrl: string, sql: Sql, log: Logger): Promise<Run> {
  await prepareQueue(sql);
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
    });
  });
  const runner = await run({
    connectionString: databaseUrl,
    // One connection for each job, one that listens, one for the clock.
    maxPoolSize: CONCURRENCY + 2,
    concurrency: CONCURRENCY,
    taskList: toTaskList(registry, { sql, log }),
    parsedCronItems: parseCronItems(schedule),
    logger: workerLogger(log),
    events,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
    // Without these delays the runner does not wait for a job's outcome to be written when it stops,
    // and an outcome that cannot be written ends the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  });
  const ended = runner.promise.catch((error) => log.warn({ err: error }, "the runner failed"));
  const stop = () => stopRun(runner, pool);
  try {
    const freed = await freeAbandonedJobs(sql, pool?.id ?? "");
    if (freed > 0) log.warn({ jobs: freed }, "freed the jobs of a worker that died");
    return { ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopRun(
  runner: { stop(reason: string): Promise<void> },
  pool: WorkerPool | undefined,
): Promise<void> {
  const late = new AbortController();
  const gracefully = runner.stop("asked to stop").finally(() => late.abort());
  const forcibly = sleep(CUT_OFF_AFTER_MS, undefined, { signal: late.signal }).then(() =>
    pool?.forcefulShutdown("The worker stopped before this job had ended."),
  );
  await Promise.allSettled([gracefully, forcibly]);
}
