/** What the worker does to Graphile Worker's schema beside running jobs. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Logger as QueueLogger, runMigrations } from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";

/** A worker that is not seen at two looks in a row is dead. */
const LOOK_MS = 5_000;

/**
 * Brings the queue's schema up to date. Makes the table in which Graphile Worker counts its
 * migrations first, if it is missing: without it, it would begin with `create schema if not exists`,
 * which Postgres refuses to a role that may not create schemas in the database, even when the schema
 * is there. Ours exists and belongs to kontor_worker, who needs no right beyond it.
 * @throws the database's error when it is not there or not ours.
 */
export async function prepareQueue(
  databaseUrl: string,
  sql: Sql,
  logger: QueueLogger,
): Promise<void> {
  await sql`
    create table if not exists graphile_worker.migrations (
      id int primary key,
      ts timestamptz not null default now(),
      breaking boolean not null default false
    )`;
  await runMigrations({ connectionString: databaseUrl, maxPoolSize: 2, logger });
  // For private.pending_jobs, at every enqueue, and for a tenant's list of its jobs.
  await sql`
    create index if not exists jobs_tenant_idx
    on graphile_worker._private_jobs ((payload ->> 'tenant_id'), is_available)`;
}

/** What the connection of a living pool is called, so that other workers see that it lives. */
export function poolName(poolId: string): string {
  return `kontor-worker ${poolId}`;
}

/**
 * Gives back the jobs of workers that died without doing so (Graphile Worker alone would wait four
 * hours), until `signal` is aborted.
 */
export async function freeAbandonedJobs(
  sql: Sql,
  ownPoolId: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let missing: string[] = [];
  while (!signal.aborted) {
    try {
      const absent = await absentPools(sql, ownPoolId);
      const dead = absent.filter((pool) => missing.includes(pool));
      missing = absent;
      if (dead.length > 0) {
        const jobs = await free(sql, dead);
        log.warn({ jobs }, "freed the jobs of a worker that died");
      }
    } catch (error) {
      missing = [];
      if (!signal.aborted) log.warn({ err: error }, "could not look for dead workers");
    }
    await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function absentPools(sql: Sql, ownPoolId: string): Promise<string[]> {
  const rows = await sql<{ pool: string }[]>`
    select distinct locked_by as pool
    from graphile_worker._private_jobs
    where locked_by is not null
      and locked_by <> ${ownPoolId}
      and not exists (
        select from pg_catalog.pg_stat_activity
        where application_name = ${poolName("")} || locked_by)`;
  return rows.map(({ pool }) => pool);
}

/** What a worker that has stopped still holds was fetched and never begun: it goes back as it came. */
export async function returnUnbegun(sql: Sql, poolId: string): Promise<void> {
  await sql`
    update graphile_worker._private_jobs set attempts = greatest(attempts - 1, 0)
    where locked_by = ${poolId}`;
  await sql`select graphile_worker.force_unlock_workers(${[poolId]})`;
}

/** Returns how many jobs it gave back; one whose last attempt it was says what became of it. */
async function free(sql: Sql, pools: string[]): Promise<number> {
  const [row] = await sql<{ jobs: number }[]>`
    with ended as (
      update graphile_worker._private_jobs
      set last_error = case when attempts >= max_attempts
        then 'The worker died while this job ran.' else last_error end
      where locked_by = any(${pools})
      returning id
    )
    select count(*)::int as jobs from ended`;
  await sql`select graphile_worker.force_unlock_workers(${pools})`;
  return row?.jobs ?? 0;
}
