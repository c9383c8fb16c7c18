/** One attempt of a job: its payload is checked, its tenant lives, its task runs and is measured. */
import type { JobHelpers, TaskList } from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";
import { z } from "zod";
import { reportError } from "../functions/_shared/telemetry/reporting.ts";
import { inSpan } from "../functions/_shared/telemetry/tracing.ts";
import { PermanentError } from "./errors.ts";
import { causeOf } from "./job_cause.ts";
import type { JobMetrics } from "./metrics.ts";
import type { Registry, Task } from "./task.ts";
import { type LiveTenants, liveTenants } from "./tenants.ts";
import { tracedSql } from "./traced_sql.ts";

type Resources = { sql: Sql; log: Logger; metrics: JobMetrics };

/** Turns the registry into what Graphile Worker runs. */
export function toTaskList(registry: Registry, resources: Resources): TaskList {
  const isLive = liveTenants(resources.sql);
  const watched = { ...resources, sql: tracedSql(resources.sql) };
  return Object.fromEntries(
    Object.entries(registry).map(([name, task]) => [
      name,
      (payload: unknown, helpers: JobHelpers) =>
        traced(name, payload, helpers, () =>
          attempt(name, task, payload, helpers, watched, isLive),
        ),
    ]),
  );
}

/** Goes on with the trace of the request that caused the job. */
function traced(
  name: string,
  payload: unknown,
  { job }: JobHelpers,
  work: () => Promise<void>,
): Promise<void> {
  const { request_id, traceparent = null } = causeOf(payload);
  const attributes = {
    "kontor.task": name,
    "kontor.job_id": job.id,
    "kontor.attempt": job.attempts,
    ...(request_id === undefined ? {} : { "kontor.request_id": request_id }),
  };
  return inSpan(`task ${name}`, { kind: "consumer", parent: traceparent, attributes }, work);
}

async function attempt(
  name: string,
  task: Task,
  payload: unknown,
  helpers: JobHelpers,
  { sql, log, metrics }: Resources,
  isLive: LiveTenants,
): Promise<void> {
  const { job } = helpers;
  const { request_id } = causeOf(payload);
  const lines = log.child({ task: name, job_id: job.id, ...(request_id && { request_id }) });
  const began = performance.now();
  const ended = metrics.began(name);
  try {
    const checked = check(name, task, payload);
    if (!task.forDeletedTenants) await refuseDeletedTenant(payload, isLive);
    await task.run(checked, {
      sql,
      log: lines,
      job,
      addJob: helpers.addJob,
      signal: helpers.abortSignal,
    });
    ended("done");
    // That what runs by the clock succeeded is a metric, and not news; somebody may ask for this one.
    if (request_id) lines.info({ ms: Math.round(performance.now() - began) }, "done");
  } catch (error) {
    const forGood = error instanceof PermanentError;
    if (forGood) await failForGood(sql, job.id, error.message);
    const over = forGood || job.attempts >= job.max_attempts;
    ended(over ? "failed" : "retried");
    const ms = Math.round(performance.now() - began);
    if (request_id) lines.warn({ ms }, over ? "failed" : "failed, and will be tried again");
    if (over) reportError(error, { request_id, task: name, job_id: job.id });
    throw error;
  }
}

function check(name: string, task: Task, payload: unknown): unknown {
  const parsed = task.payload.safeParse(payload);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new PermanentError(`Payload does not fit task ${name}: ${faults.join("; ")}`);
}

const ofTenant = z.object({ tenant_id: z.guid() });

async function refuseDeletedTenant(payload: unknown, isLive: LiveTenants): Promise<void> {
  const { data } = ofTenant.safeParse(payload);
  if (data && !(await isLive(data.tenant_id))) {
    throw new PermanentError("The tenant was deleted.");
  }
}

/** No attempt is left: the job stays in the queue as failed, with its reason, until somebody acts. */
async function failForGood(sql: Sql, id: string, reason: string): Promise<void> {
  await sql`
    update graphile_worker._private_jobs
    set max_attempts = greatest(attempts, 1), last_error = ${reason} where id = ${id}`;
}
