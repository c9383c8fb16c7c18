/** Loading much at once: rules off, indexes and foreign keys made anew afterwards, from the catalogue. */
import type { Sql, TransactionSql } from "postgres";

/**
 * Runs `fill` with the tables' triggers disabled and their plain indexes and foreign keys dropped;
 * then makes all of them again as they were. One transaction: a failure leaves everything alone.
 * @param tables of schema public, owned by this login.
 */
export async function withoutIndexes(
  owner: Sql,
  tables: readonly string[],
  fill: (tx: TransactionSql) => Promise<void>,
  say: (text: string) => void,
): Promise<void> {
  await owner.begin(async (tx) => {
    await tx`set local synchronous_commit = off`;
    const names = tables.map((table) => `public.${table}`);
    const keys = await tx<{ owner_table: string; name: string; definition: string }[]>`
      select conrelid::regclass::text as owner_table, quote_ident(conname) as name,
        pg_get_constraintdef(oid) as definition
      from pg_constraint where contype = 'f' and conrelid = any(${names}::regclass[])`;
    const indexes = await tx<{ name: string; definition: string }[]>`
      select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
      from pg_index i
      where i.indrelid = any(${names}::regclass[])
        and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`;
    for (const name of [...names, "public.tenants"]) {
      await tx.unsafe(`alter table ${name} disable trigger user`);
    }
    for (const key of keys) {
      await tx.unsafe(`alter table ${key.owner_table} drop constraint ${key.name}`);
    }
    for (const { name } of indexes) await tx.unsafe(`drop index ${name}`);

    await fill(tx);

    const began = performance.now();
    for (const { definition } of indexes) await tx.unsafe(definition);
    for (const key of keys) {
      await tx.unsafe(
        `alter table ${key.owner_table} add constraint ${key.name} ${key.definition}`,
      );
    }
    for (const name of [...names, "public.tenants"]) {
      await tx.unsafe(`alter table ${name} enable trigger user`);
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`${indexes.length} indexes and ${keys.length} foreign keys (${seconds} s)`);
  });
}
