/**
 * What a task is.
 *
 *   job       a row in Graphile Worker's queue: a task's name and a payload
 *   task      the function that does a job, and the schema its payload must fit
 *   attempt   one run of a task for a job; a task that throws is tried again later, ever more slowly,
 *             so a task must do no harm when it runs twice. PermanentError ends it at once.
 */
import type { AddJobFunction, Job } from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";
import type { z } from "zod";

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
  /** What tidies up after a tenant runs for deleted ones too; other jobs of theirs fail at once. */
  forDeletedTenants?: boolean;
  /**
   * Does the job's work.
   * @throws PermanentError when trying again cannot help; anything else means: try again later.
   */
  run(payload: z.output<Schema>, context: TaskContext): Promise<void>;
};

/** Every task by the name that SQL and code enqueue it under. */
export type Registry = Readonly<Record<string, Task>>;

/** Ties a payload's schema to the function that receives it. */
export function defineTask<Schema extends z.ZodType>(task: Task<Schema>): Task<Schema> {
  return task;
}
