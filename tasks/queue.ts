/** What the worker does to Graphile Worker's schema beside running jobs. */
import type { Sql } from "postgres";

/**
 * Makes the table in which Graphile Worker counts its migrations, if it is missing. Without it, it
 * would begin with `create schema if not exists`, which Postgres refuses to a role that may not
 * create schemas in the database, even when the schema is there. Ours exists and belongs to
 * kontor_worker, who needs no right beyond it.
 */
export async function prepareQueue(sql: Sql): Promise<void> {
  await sql`
    create table if not exists graphile_worker.migrations (
      id int primary key,
      ts timestamptz not null default now(),
      breaking boolean not null default false
    )`;
}

/** What the connection of a living pool is called, so that other workers see that it lives. */
export function poolName(poolId: string): string {
  return `kontor-worker ${poolId}`;
}

/**
 * Gives back the jobs of pools that died without doing so (Graphile Worker alone would wait four
 * hours), except those of `ownPoolId`. Returns how many there were.
 */
export async function freeAbandonedJobs(sql: Sql, ownPoolId: string): Promise<number> {
  const abandoned = await sql<{ pool: string; jobs: number }[]>`
    select locked_by as pool, count(*)::int as jobs
    from graphile_worker.jobs
    where locked_by is not null
      and locked_by <> ${ownPoolId}
      and not exists (
        select from pg_catalog.pg_stat_activity
        where application_name = ${poolName("")} || locked_by)
    group by locked_by`;
  if (abandoned.length === 0) return 0;
  await sql`select graphile_worker.force_unlock_workers(${abandoned.map(({ pool }) => pool)})`;
  return abandoned.reduce((sum, { jobs }) => sum + jobs, 0);
}
