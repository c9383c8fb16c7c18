/** Writes supabase/migrations/ from sql/. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../env.ts";
import { buildPair, compare, diff } from "./compare.ts";
import { migrate } from "./migrate.ts";
import { readMigrations } from "./migration_files.ts";
import { concatenate, readSlices } from "./slices.ts";

const INITIAL = "20261122000000_initial.sql";

async function write(workdir: string, file: string, text: string): Promise<void> {
  const folder = path.join(workdir, "supabase", "migrations");
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, file), text);
}

/**
 * Writes the first migration: the slices, one after another. Needs no database.
 * @returns the file's name.
 * @throws Error when a later migration builds on it.
 */
export async function writeInitial(workdir: string = ROOT): Promise<string> {
  const later = (await readMigrations(workdir)).find(({ file }) => file !== INITIAL);
  if (later) throw new Error(`${later.file} builds on ${INITIAL}, which stays as it is now`);
  await write(workdir, INITIAL, concatenate(await readSlices()));
  return INITIAL;
}

/** The next version: now, in UTC, and after the last one in any case. */
function nextVersion(last: string): string {
  const now = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  return now > last ? now : String(BigInt(last) + 1n);
}

export type NextMigration = {
  readonly file: string;
  /** Differences the CLI does not write (see compare.ts): to be added by hand. */
  readonly left: readonly string[];
};

/**
 * Writes the migration that leads from supabase/migrations/ to sql/, and tries it.
 * @returns undefined when none is needed.
 * @throws Error when the name is not words joined by `_`, or a side does not load.
 */
export async function writeNext(
  name: string,
  workdir: string = ROOT,
): Promise<NextMigration | undefined> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new Error(`"${name}": a name is lower-case words joined by _`);
  }
  await using pair = await buildPair(workdir);
  const { migrated, sliced } = pair;
  if ((await compare(migrated, sliced)).length === 0) return undefined;
  const last = (await readMigrations(workdir)).at(-1)?.version ?? "";
  const file = `${nextVersion(last)}_${name}.sql`;
  const statements = await diff(migrated, sliced);
  await write(workdir, file, `${statements || "-- Nothing the supabase CLI can write."}\n`);
  if (statements) await migrate(migrated.url("postgres"), workdir);
  return { file, left: await compare(migrated, sliced) };
}
