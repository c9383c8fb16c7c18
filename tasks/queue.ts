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
