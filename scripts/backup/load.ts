/** A backup's database and roles into a database that has none of its schemas. */
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Sql } from "postgres";
import { bootstrapCluster } from "../stack/roles.ts";
import { using } from "./connect.ts";
import { BackupError } from "./errors.ts";
import { type Manifest, majorOf, type PartName } from "./manifest.ts";
import { unseal } from "./seal.ts";
import type { ToolPlaces, Vault } from "./settings.ts";
import { findTools, start, type Tools } from "./tools.ts";
import { open } from "./vault.ts";

/** Opens a part for reading, decrypted. @throws BackupError as `unseal` does. */
export async function openPart(
  vault: Vault,
  manifest: Manifest,
  part: PartName,
  identity: string,
): Promise<Readable> {
  const { name } = manifest.parts[part];
  return await unseal(await open(vault, manifest.id, name), identity, `${manifest.id}/${name}`);
}

/**
 * The programs for a server that is to take a backup.
 * @throws BackupError when it is older than the backup's, or they are not here.
 */
export async function toolsFor(sql: Sql, manifest: Manifest, places: ToolPlaces): Promise<Tools> {
  const [server] = await sql<{ version: string }[]>`
    select current_setting('server_version') as version`;
  const major = majorOf(server?.version ?? "");
  if (major < majorOf(manifest.versions.postgres)) {
    throw new BackupError(
      `${manifest.id} was made on Postgres ${manifest.versions.postgres}, this server is ` +
        `${server?.version}: it takes that version or a newer one`,
    );
  }
  return findTools(major, places);
}

export type Load = {
  readonly vault: Vault;
  readonly manifest: Manifest;
  readonly identity: string;
  readonly tools: Tools;
  /** With owners and rights, which takes a superuser; else all is the login's. */
  readonly owners: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** Makes the roles that are missing. */
export async function loadRoles(databaseUrl: string, load: Load): Promise<void> {
  let text = "";
  const stream = await openPart(load.vault, load.manifest, "roles", load.identity);
  for await (const chunk of stream.setEncoding("utf8")) text += String(chunk);
  await using(databaseUrl, (sql) => sql.begin((tx) => tx.unsafe(text).simple()));
}

/** Removes what a new database has by itself, and makes what a dump of schemas leaves out. */
async function prepare(databaseUrl: string, { schemas, extensions }: Manifest): Promise<void> {
  await using(databaseUrl, async (sql) => {
    for (const schema of schemas) await sql`drop schema if exists ${sql(schema)}`;
    for (const { name, schema } of extensions) {
      await sql`create schema if not exists ${sql(schema)}`;
      // The image's own may need a superuser, and nothing of ours needs them: if something did, the
      // load fails by its name.
      await sql`create extension if not exists ${sql(name)} with schema ${sql(schema)}`.catch(
        () => {},
      );
    }
  });
}

/** What belongs to the database itself, and so is in no schema's dump; sql/00_foundation.sql says it. */
async function setDatabaseRights(databaseUrl: string): Promise<void> {
  await using(databaseUrl, async (sql) => {
    const [{ name } = { name: "" }] = await sql<
      { name: string }[]
    >`select current_database() as name`;
    // A schema made anew lacks what the one of a new database has.
    await sql`grant usage on schema public to public`;
    await sql`revoke temporary on database ${sql(name)} from public`;
    await sql`alter default privileges for role postgres revoke execute on functions from public`;
  });
}

/**
 * Loads the database in one transaction: all of it, or nothing.
 * @throws BackupError with pg_restore's words, or naming the object that is damaged.
 */
export async function loadDatabase(databaseUrl: string, load: Load): Promise<void> {
  const { vault, manifest, identity, tools, owners, signal } = load;
  const source = await openPart(vault, manifest, "database", identity);
  if (owners) {
    await using(databaseUrl, async (sql) => {
      await sql`create schema if not exists public`;
      await bootstrapCluster(sql);
    });
  }
  await prepare(databaseUrl, manifest);
  const program = start(
    tools.restore,
    [
      "--exit-on-error",
      "--single-transaction",
      ...(owners ? [] : ["--no-owner", "--no-privileges"]),
    ],
    databaseUrl,
    signal,
  );
  let damage: unknown;
  await pipeline(source, program.stdin).catch((error: unknown) => {
    damage = error;
  });
  await program.ended.catch((error: unknown) => {
    throw damage instanceof BackupError ? damage : error;
  });
  if (damage instanceof BackupError) throw damage;
  if (owners) await setDatabaseRights(databaseUrl);
}
