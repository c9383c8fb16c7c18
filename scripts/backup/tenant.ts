/** Puts one tenant back to what it was in a backup, in a live database, and nothing else. */
import { pipeline } from "node:stream/promises";
import postgres, { type Sql, type TransactionSql } from "postgres";
import { connect, using } from "./connect.ts";
import { BackupError } from "./errors.ts";
import { type Restore, refuseNewer } from "./into.ts";
import { toolsFor } from "./load.ts";
import type { Manifest } from "./manifest.ts";
import { withScratch } from "./prove.ts";
import { copyShared } from "./shared_rows.ts";
import { type TenantTable, tenantTables } from "./tenant_tables.ts";
import { checkParts, manifestOf } from "./vault.ts";

/** Not what a proof's are called: the nightly one would remove it. */
const SCRATCH = "kontor_tenant_";

export type TenantRestored = {
  readonly manifest: Manifest;
  readonly tenant: string;
  readonly rows: number;
  /** People of the tenant's who were gone. */
  readonly shared: number;
  /** The audit log of the live database is longer, and was kept. */
  readonly keptAudit: boolean;
};

/**
 * Restores the backup into a scratch database of the same server, and from there the tenant's rows.
 * @throws BackupError saying why not; the live database is then as it was.
 */
export async function restoreTenant(order: Restore & { slug: string }): Promise<TenantRestored> {
  const { vault, id, databaseUrl, identity, slug } = order;
  const manifest = await manifestOf(vault, id);
  await refuseNewer(manifest);
  await checkParts(vault, manifest);
  const live = connect(databaseUrl);
  try {
    const tools = await toolsFor(live, manifest, order.tools);
    await refuseOtherSchema(live, manifest);
    if (!order.overwrite) await refusePresent(live, slug);
    const load = { vault, manifest, identity, tools };
    const restored = await withScratch(
      databaseUrl,
      load,
      (url) => using(url, (scratch) => replace(scratch, live, order)),
      SCRATCH,
    );
    return { manifest, ...restored };
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === "23505") {
      throw new BackupError(
        `${slug} was not restored: another tenant has taken what it had (${error.detail ?? error.message})`,
      );
    }
    throw error;
  } finally {
    await live.end({ timeout: 5 });
  }
}

/** Rows fit only into the tables they came out of. */
async function refuseOtherSchema(live: Sql, manifest: Manifest): Promise<void> {
  const applied = await live<{ version: string }[]>`
    select version from supabase_migrations.schema_migrations order by version`;
  const now = applied.map(({ version }) => version).join();
  if (now === manifest.versions.migrations.join()) return;
  throw new BackupError(
    `${manifest.id} has other migrations than the live database: restore it into a database of its own ` +
      "(`npm run restore -- into`), migrate that, and back it up",
  );
}

async function refusePresent(live: Sql | TransactionSql, slug: string): Promise<void> {
  const [present] = await live`select from public.tenants where slug = ${slug}`;
  if (!present) return;
  throw new BackupError(
    `${slug} is in the live database; nothing was changed. Add --overwrite to put all its rows back to ` +
      "what they were: take a backup first",
  );
}

async function replace(
  scratch: Sql,
  live: Sql,
  { id, slug, overwrite }: Restore & { slug: string },
): Promise<Omit<TenantRestored, "manifest">> {
  const [found] = await scratch<
    { id: string }[]
  >`select id from public.tenants where slug = ${slug}`;
  if (!found) {
    const all = await scratch<{ slug: string }[]>`
      select slug from public.tenants order by slug limit 20`;
    const known = all.map((one) => one.slug).join(", ") || "none";
    throw new BackupError(`${id} has no tenant ${slug}; it has ${known}`);
  }
  const tenant = found.id;
  return await live.begin("isolation level repeatable read", async (tx) => {
    const [present] = await tx<{ audited: boolean; slug: string | null }[]>`
      select exists (select from audit.entries where tenant_id = ${tenant}) as audited,
        (select slug from public.tenants where id = ${tenant})`;
    // Under another name by now.
    if (!overwrite && present?.slug) await refusePresent(tx, present.slug);
    // The log is only ever added to: what it says of the time since stays true.
    const keptAudit = present?.audited ?? false;
    const tables = (await tenantTables(scratch)).filter(
      ({ schema }) => schema !== "audit" || !keptAudit,
    );
    const before = await othersSums(tx, tables, tenant);
    // No trigger and no cascade may follow: the rows are already what the rules made of them.
    await tx`set local session_replication_role = replica`.catch((error: Error) => {
      throw new BackupError(`this takes a superuser of the live database: ${error.message}`);
    });
    const shared = await copyShared(scratch, tx, tables, tenant);
    for (const { schema, table, owner } of tables) {
      await tx`delete from ${tx(schema)}.${tx(table)} where ${tx(owner)} = ${tenant}`;
    }
    let rows = 0;
    for (const table of tables) rows += await copyRows(scratch, tx, table, tenant);
    await tx`set local session_replication_role = origin`;
    const after = await othersSums(tx, tables, tenant);
    for (const [name, sum] of before) {
      if (after.get(name) !== sum) throw new BackupError(`${name}: another tenant's rows changed`);
    }
    await tx`select private.record_audit(
      ${tenant}::uuid, 'restore', 'tenant', ${tenant}, '{}'::jsonb, ${tx.json({ backup: id })}::jsonb)`;
    return { tenant, rows, shared, keptAudit };
  });
}

/** Sums over everybody else's rows, table by table. */
async function othersSums(
  tx: TransactionSql,
  tables: readonly TenantTable[],
  tenant: string,
): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const { schema, table, owner } of tables) {
    const [row] = await tx<{ sum: string }[]>`
      select count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) as sum
      from ${tx(schema)}.${tx(table)} as t where ${tx(owner)} <> ${tenant}`;
    sums.set(`${schema}.${table}`, row?.sum ?? "");
  }
  return sums;
}

async function copyRows(
  scratch: Sql,
  tx: TransactionSql,
  { schema, table, owner, columns, sequences }: TenantTable,
  tenant: string,
): Promise<number> {
  const [count] = await scratch<{ rows: number }[]>`
    select count(*)::int as rows from ${scratch(schema)}.${scratch(table)} where ${scratch(owner)} = ${tenant}`;
  if (!count?.rows) return 0;
  // A parameter has no place in COPY; the id is the database's own.
  const source = await scratch`
    copy (select ${scratch(columns)} from ${scratch(schema)}.${scratch(table)}
      where ${scratch(owner)} = ${scratch.unsafe(`'${tenant}'`)}) to stdout`.readable();
  const target = await tx`copy ${tx(schema)}.${tx(table)} (${tx(columns)}) from stdin`.writable();
  await pipeline(source, target);
  for (const { column, sequence } of sequences) {
    await tx`
      select setval(${sequence}::regclass, greatest(
        (select max(${tx(column)}) from ${tx(schema)}.${tx(table)}), nextval(${sequence}::regclass)))`;
  }
  return count.rows;
}
