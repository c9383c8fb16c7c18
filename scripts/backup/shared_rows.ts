/** Rows that belong to no tenant, and that a restored tenant's rows need. */
import type { Sql, TransactionSql } from "postgres";
import { type SharedKey, sharedKeys, type TenantTable } from "./tenant_tables.ts";

/**
 * Adds the rows that all tenants share, that a tenant's rows point at, and that are gone: people, and what
 * makes them able to sign in. Those that are there stay as they are.
 * @returns how many.
 */
export async function copyShared(
  scratch: Sql,
  tx: TransactionSql,
  tables: readonly TenantTable[],
  tenant: string,
): Promise<number> {
  const keys = await sharedKeys(scratch);
  let added = 0;
  const seen = new Set<string>();
  const add = async ({ schema, table, key }: SharedKey, wanted: readonly string[]) => {
    const fresh = wanted.filter((value) => !seen.has(`${schema}.${table} ${value}`));
    for (const value of fresh) seen.add(`${schema}.${table} ${value}`);
    if (fresh.length === 0) return;
    const rows = await scratch<{ row: string; key: string }[]>`
      select to_jsonb(t)::text as row, t.${scratch(key)}::text as key
      from ${scratch(schema)}.${scratch(table)} as t where t.${scratch(key)}::text = any(${fresh})`;
    const [{ columns } = { columns: [] }] = await scratch<{ columns: string[] }[]>`
      select array_agg(attname::text order by attnum) as columns from pg_attribute
      where attrelid = ${`${schema}.${table}`}::regclass and attnum > 0 and not attisdropped and attgenerated = ''`;
    for (const { row, key: value } of rows) {
      const { count } = await tx`
        insert into ${tx(schema)}.${tx(table)} (${tx(columns)}) overriding system value
        select ${tx(columns)} from jsonb_populate_record(null::${tx(schema)}.${tx(table)}, ${row}::text::jsonb)
        on conflict do nothing`;
      added += count;
      if (count > 0) await follow(schema, table, key, value);
    }
  };
  /** What an added row itself points at, and the identity of whom can sign in. */
  const follow = async (schema: string, table: string, key: string, value: string) => {
    for (const one of keys.filter(({ from }) => from === `${schema}.${table}`)) {
      const found = await scratch<{ value: string }[]>`
        select t.${scratch(one.column)}::text as value from ${scratch(schema)}.${scratch(table)} as t
        where t.${scratch(key)}::text = ${value} and t.${scratch(one.column)} is not null`;
      await add(
        one,
        found.map((row) => row.value),
      );
    }
    if (schema === "auth" && table === "users") await addIdentities(scratch, tx, value);
  };
  for (const { schema, table, owner } of tables) {
    for (const one of keys.filter(({ from }) => from === `${schema}.${table}`)) {
      const found = await scratch<{ value: string }[]>`
        select distinct t.${scratch(one.column)}::text as value
        from ${scratch(schema)}.${scratch(table)} as t
        where t.${scratch(owner)} = ${tenant} and t.${scratch(one.column)} is not null`;
      await add(
        one,
        found.map((row) => row.value),
      );
    }
  }
  return added;
}

async function addIdentities(scratch: Sql, tx: TransactionSql, user: string): Promise<void> {
  const rows = await scratch<{ row: string }[]>`
    select to_jsonb(i)::text as row from auth.identities i where user_id = ${user}`;
  const [{ columns } = { columns: [] }] = await scratch<{ columns: string[] }[]>`
    select array_agg(attname::text) as columns from pg_attribute
    where attrelid = 'auth.identities'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`;
  for (const { row } of rows) {
    await tx`
      insert into auth.identities (${tx(columns)})
      select ${tx(columns)} from jsonb_populate_record(null::auth.identities, ${row}::text::jsonb)
      on conflict do nothing`;
  }
}
