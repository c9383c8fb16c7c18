/** One attempt of a job: its payload is checked, its tenant lives, its task runs and is measured. */
import type { JobHelpers, TaskList } from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";
import { z } from "zod";
import { PermanentError } from "./errors.ts";
import type { JobMetrics } from "./metrics.ts";
import type { Registry, Task } from "./task.ts";
import { type LiveTenants, liveTenants } from "./tenants.ts";

type Resources = { sql: Sql; log: Logger; metrics: JobMetrics };

/** Turns the registry into what Graphile Worker runs. */
export function toTaskList(registry: Registry, resources: Resources): TaskList {
  const isLive = liveTenants(resources.sql);
  return Object.fromEntries(
    Object.entries(registry).map(([name, task]) => [
      name,
      (payload: unknown, helpers: JobHelpers) =>
        attempt(name, task, payload, helpers, resources, isLive),
    ]),
  );
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
  const ended = metrics.began(name);
  try {
    const checked = check(name, task, payload);
    if (!task.forDeletedTenants) await refuseDeletedTenant(payload, isLive);
    await task.run(checked, {
      sql,
      log: log.child({ task: name, job_id: job.id }),
      job,
      addJob: helpers.addJob,
      signal: helpers.abortSignal,
    });
    ended("done");
  } catch (error) {
    const forGood = error instanceof PermanentError;
    if (forGood) await failForGood(sql, job.id, error.message);
    ended(forGood || job.attempts >= job.max_attempts ? "failed" : "retried");
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
