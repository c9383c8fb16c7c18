/** What an operator's Prometheus reads of the worker: the queue, and how its tasks fare. */
import type { Sql } from "postgres";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { buildInfo } from "../functions/_shared/telemetry/http_metrics.ts";
import { databaseMetrics } from "./metrics_database.ts";

const FAILURES = ["retried", "failed"] as const;
export type Outcome = "done" | (typeof FAILURES)[number];

export type JobMetrics = {
  /** An attempt has begun; call the answer with how it ended. */
  began(task: string): (outcome: Outcome) => void;
};

export type Metrics = JobMetrics & {
  readonly contentType: string;
  /** The text of /metrics. @throws the database's error when the queue cannot be read. */
  text(): Promise<string>;
};

/** Graphile Worker keeps a job that is done no longer, so that what is there waits, runs or failed. */
type QueueRow = { task: string; waiting: number; running: number; failed: number; oldest: number };

function readQueue(sql: Sql): Promise<QueueRow[]> {
  return sql<QueueRow[]>`
    select t.identifier as task,
      (count(*) filter (where j.is_available and j.run_at <= now()))::int as waiting,
      (count(*) filter (where j.locked_at is not null))::int as running,
      (count(*) filter (where j.locked_at is null and not j.is_available))::int as failed,
      -- What waits for another job of its own queue is not late (private.queue_state).
      coalesce(extract(epoch from now() - min(j.run_at)
        filter (where j.is_available and j.run_at <= now() and q.locked_at is null)), 0)::float as oldest
    from graphile_worker._private_tasks t
    left join graphile_worker._private_jobs j on j.task_id = t.id
    left join graphile_worker._private_job_queues q on q.id = j.job_queue_id
    group by t.identifier`;
}

type Settings = { readonly version: string; readonly backsUp: boolean };

/** Makes the worker's metrics; the queue is read when they are asked for. */
export function makeMetrics(sql: Sql, { version, backsUp }: Settings): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  buildInfo(register, version);
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ["task"] as const, registers: [register] });
  const waiting = gauge("kontor_jobs_waiting", "Jobs that could run now");
  const running = gauge("kontor_jobs_running", "Jobs that a worker holds");
  const failed = gauge("kontor_jobs_failed", "Jobs that nobody will try again by themselves");
  const oldest = gauge("kontor_jobs_oldest_seconds", "How long the oldest waiting job has waited");
  const seconds = new Histogram({
    name: "kontor_job_duration_seconds",
    help: "How long attempts took",
    labelNames: ["task", "outcome"] as const,
    buckets: [0.005, 0.025, 0.1, 0.5, 2, 10, 60, 300],
    registers: [register],
  });
  const failures = new Counter({
    name: "kontor_job_failures_total",
    help: "Attempts that failed, by whether the job is tried again",
    labelNames: ["task", "outcome"] as const,
    registers: [register],
  });

  const readDatabase = databaseMetrics(register, backsUp);

  return {
    contentType: register.contentType,
    began(task) {
      const since = performance.now();
      return (outcome) => {
        seconds.observe({ task, outcome }, (performance.now() - since) / 1000);
        if (outcome !== "done") failures.inc({ task, outcome });
      };
    },
    async text() {
      for (const row of await readQueue(sql)) {
        waiting.set({ task: row.task }, row.waiting);
        running.set({ task: row.task }, row.running);
        failed.set({ task: row.task }, row.failed);
        oldest.set({ task: row.task }, row.oldest);
        // There before the first: of a series that begins with 1, Prometheus sees no increase.
        for (const outcome of FAILURES) failures.inc({ task: row.task, outcome }, 0);
      }
      await readDatabase(sql);
      return await register.metrics();
    },
  };
}
