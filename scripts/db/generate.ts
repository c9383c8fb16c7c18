/**
 * `npm run db:migration -- <name>`: writes the next migration, what leads from supabase/migrations/
 * to sql/. `npm run db:migration -- --initial`: rewrites the first one from sql/ as long as it is
 * the only one; needs no database.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../env.ts";
import { buildPair, compare, diff } from "./compare.ts";
import { migrate } from "./migrate.ts";
import { readMigrations } from "./migration_files.ts";
import { concatenate, readSlices } from "./slices.ts";

const FOLDER = path.join(ROOT, "supabase", "migrations");
const INITIAL = "20261122000000_initial.sql";

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(path.join(FOLDER, file), text);
  console.log(`supabase/migrations/${file} written`);
}

/** The next version: now, in UTC, and after the last one in any case. */
function nextVersion(last: string): string {
  const now = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  return now > last ? now : String(BigInt(last) + 1n);
}

async function next(name: string, last: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) fail(`"${name}": a name is lower-case words joined by _`);
  await using pair = await buildPair();
  const { migrated, sliced } = pair;
  const admins = [migrated.url("supabase_admin"), sliced.url("supabase_admin")] as const;
  if ((await compare(...admins)).length === 0) {
    console.log("supabase/migrations/ and sql/ agree: no migration is needed");
    return;
  }
  const file = `${nextVersion(last)}_${name}.sql`;
  await write(file, `${await diff(migrated, sliced)}\n`);
  console.log("read it before you commit it: it may drop what you meant to rename");
  await migrate(migrated.url("postgres"));
  const left = await compare(...admins);
  if (left.length === 0) return;
  console.error("\nadd by hand what the CLI does not write (- as migrated, + as in sql/):\n");
  console.error(left.join("\n\n"));
  process.exitCode = 1;
}

const { values, positionals } = parseArgs({
  options: { initial: { type: "boolean", default: false } },
  allowPositionals: true,
});
await mkdir(FOLDER, { recursive: true });
const migrations = await readMigrations();
const later = migrations.filter(({ file }) => file !== INITIAL);
const [name] = positionals;
if (values.initial || migrations.length === 0) {
  if (later.length > 0) fail(`${later[0]?.file} builds on ${INITIAL}, which stays as it is now`);
  await write(INITIAL, concatenate(await readSlices()));
} else if (name) {
  await next(name, migrations.at(-1)?.version ?? "");
} else {
  fail("usage: npm run db:migration -- <name> (or --initial)");
}
