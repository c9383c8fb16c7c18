/** Restores a backup into a database: an empty one, or in the place of what is there when told to. */
import postgres, { type Sql } from "postgres";
import { readMigrations } from "../db/migration_files.ts";
import { connect, using } from "./connect.ts";
import { BackupError } from "./errors.ts";
import { loadDatabase, loadRoles, toolsFor } from "./load.ts";
import type { Manifest } from "./manifest.ts";
import { compare, withDatabase } from "./prove.ts";
import type { ToolPlaces, Vault } from "./settings.ts";
import { checkParts, manifestOf } from "./vault.ts";

export type Restore = {
  readonly vault: Vault;
  readonly id: string;
  readonly databaseUrl: string;
  readonly identity: string;
  readonly tools: ToolPlaces;
  readonly overwrite: boolean;
};

/** @throws BackupError when the backup has migrations that this program does not know. */
export async function refuseNewer({ id, versions }: Manifest): Promise<void> {
  const known = new Set((await readMigrations()).map(({ version }) => version));
  const unknown = versions.migrations.filter((version) => !known.has(version));
  if (unknown.length === 0) return;
  throw new BackupError(
    `${id} was made by a newer Kontor (${versions.kontor}, with migration ${unknown.join(", ")}); ` +
      "restore it with that version",
  );
}

/** Makes the database if the server has none of that name. */
async function ensureDatabase(databaseUrl: string): Promise<void> {
  const name = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  try {
    await using(databaseUrl, (sql) => sql`select 1`);
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.code !== "3D000") throw error;
    await using(
      withDatabase(databaseUrl, "postgres"),
      (sql) => sql`create database ${sql(name)} template template0`,
    );
  }
}

/** Those of the schemas that hold anything: a table, a view, a function, a type. */
async function occupied(sql: Sql, schemas: readonly string[]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select nspname as name from pg_namespace n
    where nspname = any(${[...schemas]}) and (
      exists (select from pg_class where relnamespace = n.oid)
      or exists (select from pg_proc where pronamespace = n.oid)
      or exists (select from pg_type where typnamespace = n.oid))
    order by 1`;
  return rows.map(({ name }) => name);
}

/** Puts schemas aside under other names; all they hold moves along. Returns how to put them back. */
async function putAside(sql: Sql, schemas: readonly string[], id: string) {
  const aside = (schema: string) => `${schema}_before_${id.toLowerCase()}`;
  await sql.begin(async (tx) => {
    for (const schema of schemas) {
      await tx`alter schema ${tx(schema)} rename to ${tx(aside(schema))}`;
    }
  });
  return {
    names: schemas.map(aside),
    async putBack() {
      await sql.begin(async (tx) => {
        for (const schema of schemas) {
          await tx`drop schema if exists ${tx(schema)} cascade`;
          await tx`alter schema ${tx(aside(schema))} rename to ${tx(schema)}`;
        }
      });
    },
  };
}

/**
 * Restores, and compares the result with the manifest. What was there stays under other names.
 * @returns those names.
 * @throws BackupError saying why not; the database is then as it was.
 */
export async function restoreInto(
  order: Restore,
): Promise<{ manifest: Manifest; aside: string[] }> {
  const { vault, id, databaseUrl, identity, overwrite } = order;
  const manifest = await manifestOf(vault, id);
  await refuseNewer(manifest);
  await checkParts(vault, manifest);
  await ensureDatabase(databaseUrl);
  const sql = connect(databaseUrl);
  try {
    const tools = await toolsFor(sql, manifest, order.tools);
    const [login] = await sql<{ superuser: boolean; name: string }[]>`
      select rolsuper as superuser, rolname as name from pg_roles where rolname = current_user`;
    if (!login?.superuser) {
      throw new BackupError(
        `${login?.name} is not a superuser, and owners and rights take one: supabase_admin, as a rule`,
      );
    }
    const taken = await occupied(sql, manifest.schemas);
    if (taken.length > 0 && !overwrite) {
      throw new BackupError(
        `the database is not empty (${taken.join(", ")}); nothing was changed. Name an empty one, or add ` +
          "--overwrite: what is there is then kept under other names",
      );
    }
    const { names, putBack } = await putAside(sql, taken, id);
    const load = { vault, manifest, identity, tools, owners: true };
    try {
      await loadRoles(databaseUrl, load);
      await loadDatabase(databaseUrl, load);
      await compare(databaseUrl, load);
    } catch (error) {
      await putBack();
      throw error;
    }
    return { manifest, aside: names };
  } finally {
    await sql.end({ timeout: 5 });
  }
}
