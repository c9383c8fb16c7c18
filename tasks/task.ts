/**
 * What a task is.
 *
 *   job       a row in Graphile Worker's queue: a task's name and a payload
 *   task      the function that does a job, and the schema its payload must fit
 *   attempt   one run of a task for a job; a task that throws is tried again later, ever more slowly,
 *             so a task must do no harm when it runs twice
 */
import type { AddJobFunction, Job, JobHelpers, TaskList } from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";
import { z } from "zod";

/** What a task is given beside its payload. */
export type TaskContext = {
  /** The database as kontor_worker. */
  sql: Sql;
  /** Carries the job's id and task. */
  log: Logger;
  job: Job;
  addJob: AddJobFunction;
  /** Aborted when the worker is asked to stop: leave soon; the job is taken up again later. */
  signal: AbortSignal;
};

export type Task<Schema extends z.ZodType = z.ZodType> = {
  payload: Schema;
  /** Does the job's work. Throwing means: try again later. */
  run(payload: z.output<Schema>, context: TaskContext): Promise<void>;
};

/** Ties a payload's schema to the function that receives it. */
export function defineTask<Schema extends z.ZodType>(task: Task<Schema>): Task<Schema> {
  return task;
}

type Resources = { sql: Sql; log: Logger };

/** Turns the registry into what Graphile Worker runs: payloads are checked before a task sees them. */
export function toTaskList(
  registry: Readonly<Record<string, Task>>,
  resources: Resources,
): TaskList {
  return Object.fromEntries(
    Object.entries(registry).map(([name, task]) => [
      name,
      (payload: unknown, helpers: JobHelpers) => runTask(name, task, payload, helpers, resources),
    ]),
  );
}

async function runTask(
  name: string,
  task: Task,
  payload: unknown,
  helpers: JobHelpers,
  resources: Resources,
): Promise<void> {
  const parsed = task.payload.safeParse(payload);
  if (!parsed.success) {
    throw new Error(`Payload does not fit task ${name}: ${z.prettifyError(parsed.error)}`);
  }
  await task.run(parsed.data, {
    sql: resources.sql,
    log: resources.log.child({ task: name, job_id: helpers.job.id }),
    job: helpers.job,
    addJob: helpers.addJob,
    signal: helpers.abortSignal,
  });
}
