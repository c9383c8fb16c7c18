/** A backup proves itself: read back from the store, loaded into a scratch database, and compared. */
import type { Sql } from "postgres";
import { connect, using } from "./connect.ts";
import { BackupError } from "./errors.ts";
import { brokenInvariants } from "./invariants.ts";
import { type Load, loadDatabase } from "./load.ts";
import { differences, sumsOf } from "./tables.ts";

const SCRATCH = "kontor_proof_";

/** The address of another database of the same server. */
export function withDatabase(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/** Removes scratch databases that a killed proof left behind. */
export async function dropLeftovers(sql: Sql): Promise<void> {
  const left = await sql<{ name: string }[]>`
    select datname as name from pg_database
    where starts_with(datname, ${SCRATCH}) and pg_has_role(datdba, 'usage')`;
  for (const { name } of left) await sql`drop database if exists ${sql(name)} with (force)`;
}

/**
 * Gives `work` a database of its own with the backup in it, as the login's own, and removes it after.
 * @param databaseUrl any database of the server; the login may create databases.
 */
export async function withScratch<T>(
  databaseUrl: string,
  load: Omit<Load, "owners">,
  work: (scratchUrl: string) => Promise<T>,
  prefix = SCRATCH,
): Promise<T> {
  const name = `${prefix}${load.manifest.id.toLowerCase()}_${process.pid}`;
  await using(databaseUrl, (sql) => sql`create database ${sql(name)} template template0`);
  try {
    const url = withDatabase(databaseUrl, name);
    await loadDatabase(url, { ...load, owners: false });
    return await work(url);
  } finally {
    await using(databaseUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
  }
}

/** Compares a database with the manifest, and checks what must always be true. @throws BackupError */
export async function compare(databaseUrl: string, { manifest }: Load): Promise<void> {
  const sql = connect(databaseUrl);
  try {
    const faults = differences(manifest.tables, await sumsOf(sql, manifest.schemas));
    faults.push(...(await brokenInvariants(sql)));
    if (faults.length === 0) return;
    const more = faults.length > 5 ? ` and ${faults.length - 5} more` : "";
    throw new BackupError(
      `${manifest.id}, restored, is not what it should be: ${faults.slice(0, 5).join("; ")}${more}`,
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Restores into a scratch database and compares. @throws BackupError saying what differs. */
export async function prove(databaseUrl: string, load: Omit<Load, "owners">): Promise<void> {
  await withScratch(databaseUrl, load, (url) => compare(url, { ...load, owners: false }));
}
