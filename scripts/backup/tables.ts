/** What is in a database: its schemas, tables, and sums over their rows, to compare it with another. */
import type { Sql, TransactionSql } from "postgres";
import type { TableSum } from "./manifest.ts";

/** Of those that matter, each that exists is backed up; the rest is the Supabase image's own. */
export const SCHEMAS = [
  "public",
  "private",
  "audit",
  "analytics",
  "graphile_worker",
  "auth",
  "storage",
  "supabase_migrations",
] as const;

/** Those of SCHEMAS that a database has. */
export async function schemasOf(sql: Sql | TransactionSql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select nspname as name from pg_namespace where nspname = any(${[...SCHEMAS]}) order by nspname`;
  return rows.map(({ name }) => name);
}

export type Table = { readonly schema: string; readonly table: string };

/** The tables whose rows are kept: a partitioned one once, unlogged ones not. */
export async function tablesOf(
  sql: Sql | TransactionSql,
  schemas: readonly string[],
): Promise<Table[]> {
  return await sql<Table[]>`
    select n.nspname as schema, c.relname as table
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(${[...schemas]}) and c.relkind in ('r', 'p') and not c.relispartition
      and c.relpersistence = 'p'
    order by 1, 2`;
}

/** How many rows a table has, and a sum over all of them that does not depend on their order. */
export async function sumOf(
  sql: Sql | TransactionSql,
  { schema, table }: Table,
): Promise<TableSum> {
  const [sum] = await sql<{ rows: number; checksum: string }[]>`
    select count(*)::int as rows,
      coalesce(sum(hashtextextended(t::text, 0)), 0)::text as checksum
    from ${sql(schema)}.${sql(table)} as t`;
  return { name: `${schema}.${table}`, rows: sum?.rows ?? 0, checksum: sum?.checksum ?? "0" };
}

/** The sums of all tables, as a transaction sees them. */
export async function sumsOf(
  sql: Sql | TransactionSql,
  schemas: readonly string[],
): Promise<TableSum[]> {
  const sums: TableSum[] = [];
  for (const table of await tablesOf(sql, schemas)) sums.push(await sumOf(sql, table));
  return sums;
}

/** Where two lists of sums differ, a sentence each. */
export function differences(expected: readonly TableSum[], found: readonly TableSum[]): string[] {
  const byName = new Map(found.map((sum) => [sum.name, sum]));
  return expected.flatMap(({ name, rows, checksum }) => {
    const other = byName.get(name);
    if (other === undefined) return [`${name} is missing`];
    if (other.rows !== rows) return [`${name} has ${other.rows} rows, not ${rows}`];
    return other.checksum === checksum ? [] : [`${name} has other values than were backed up`];
  });
}
