/** Migrations are applied whole or not at all, once, and by the files they were made from. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findDrift } from "./drift.ts";
import { writeNext } from "./generate.ts";
import { migrate } from "./migrate.ts";
import { readMigrations } from "./migration_files.ts";
import { type Scratch, startScratch, using } from "./scratch.ts";
import { splitPassword } from "./split_password.ts";

let scratch: Scratch;
let workdir: string;

const file = (name: string, sql: string) =>
  writeFile(path.join(workdir, "supabase", "migrations", name), sql);
const tables = () =>
  using(scratch.url("postgres"), async (sql) => {
    const rows = await sql<{ relname: string }[]>`
      select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
      order by relname`;
    return rows.map(({ relname }) => relname);
  });

async function project(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "kontor-project-"));
  await mkdir(path.join(folder, "supabase", "migrations"), { recursive: true });
  await writeFile(path.join(folder, "supabase", "config.toml"), 'project_id = "test"\n');
  return folder;
}

beforeAll(async () => {
  [scratch, workdir] = await Promise.all([startScratch(), project()]);
}, 60_000);
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
  await rm(workdir, { recursive: true });
}, 60_000);

it("applies what is missing, once, as the owner", { timeout: 30_000 }, async () => {
  await file(
    "20300101000000_first.sql",
    `-- A semicolon; in a comment.
     create table public.one (id int);
     create function public.pick() returns text language plpgsql
       as $f$ begin perform 'a;b'; return $x$;$x$; end $f$;
     create function public.two() returns int language sql begin atomic select 1; select 2; end;
     -- The end.`,
  );
  expect(await migrate(scratch.url("postgres"), workdir)).toEqual(["20300101000000_first.sql"]);
  expect(await migrate(scratch.url("postgres"), workdir)).toEqual([]);
  expect(await tables()).toEqual(["one"]);
});

it("names the file and the reason, and applies nothing of it", { timeout: 30_000 }, async () => {
  const broken = "create table public.a (id int); create table public.b (id int references nope);";
  await file("20300102000000_second.sql", broken);
  await expect(migrate(scratch.url("postgres"), workdir)).rejects.toThrow(
    /20300102000000_second\.sql failed.*relation "nope" does not exist.*create table public\.b/s,
  );
  expect(await tables()).toEqual(["one"]);
  await file("20300102000000_second.sql", broken.replace(" references nope", ""));
  expect(await migrate(scratch.url("postgres"), workdir)).toEqual(["20300102000000_second.sql"]);
  expect(await tables()).toEqual(["a", "b", "one"]);
});

it("refuses a database that was migrated by other files", async () => {
  const first = "20300101000000_first.sql";
  const original = (await readMigrations(workdir))[0]?.sql ?? "";
  await file(first, `${original}\ncreate table public.c (id int);`);
  await expect(migrate(scratch.url("postgres"), workdir)).rejects.toThrow(/first\.sql changed/);
  await rm(path.join(workdir, "supabase", "migrations", first));
  await expect(migrate(scratch.url("postgres"), workdir)).rejects.toThrow(
    /newer version.*20300101/,
  );
});

it("keeps the password out of the address", () => {
  expect(splitPassword("postgresql://postgres:a%2Fb@db:5432/postgres?sslmode=require")).toEqual({
    url: "postgresql://postgres@db:5432/postgres?sslmode=require",
    password: "a/b",
  });
});

it("writes the migration that leads to sql/", { timeout: 180_000 }, async () => {
  const folder = await project();
  try {
    const [initial] = await readMigrations();
    const older = (initial?.sql ?? "").replace("alter table public.orders force row", "--");
    expect(older).not.toBe(initial?.sql);
    await writeFile(path.join(folder, "supabase", "migrations", initial?.file ?? ""), older);
    const drift = (await findDrift(folder)).join("\n");
    expect(drift).toContain("relation public.orders: row-level security");
    expect(drift).toContain("FORCE ROW LEVEL SECURITY");
    const written = await writeNext("force_orders", folder);
    expect(written).toMatchObject({ left: [] });
    expect(await findDrift(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
