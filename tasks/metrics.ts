/** What an operator's Prometheus reads of the worker: the queue, and how its tasks fare. */
import type { Sql } from "postgres";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type Outcome = "done" | "retried" | "failed";

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
      coalesce(extract(epoch from now() - min(j.run_at)
        filter (where j.is_available and j.run_at <= now())), 0)::float as oldest
    from graphile_worker._private_tasks t
    left join graphile_worker._private_jobs j on j.task_id = t.id
    group by t.identifier`;
}

type BackupRow = {
  state: string;
  started_at: Date;
  bytes: string | null;
  proven_at: Date | null;
  damaged: number;
};

/** Says of backups what an alert asks; nothing before the first. */
function backupGauges(register: Registry): (sql: Sql) => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [register] });
  const ok = gauge(
    "kontor_backup_ok",
    "1 when the latest backup was proven and no kept one is damaged",
  );
  const proven = gauge(
    "kontor_backup_proven_timestamp_seconds",
    "When the latest proven backup began",
  );
  const bytes = gauge("kontor_backup_bytes", "What the latest backup takes in the store");
  const damaged = gauge("kontor_backups_damaged", "Kept backups whose objects have changed");
  return async (sql) => {
    const [row] = await sql<BackupRow[]>`select * from private.backup_status()`;
    if (!row) return;
    ok.set(row.state === "proven" && row.damaged === 0 ? 1 : 0);
    if (row.proven_at !== null) proven.set(row.proven_at.getTime() / 1000);
    if (row.bytes !== null) bytes.set(Number(row.bytes));
    damaged.set(row.damaged);
  };
}

/** Makes the worker's metrics; the queue is read when they are asked for. */
export function makeMetrics(sql: Sql): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
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

  const readBackups = backupGauges(register);

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
      }
      await readBackups(sql);
      return await register.metrics();
    },
  };
}
