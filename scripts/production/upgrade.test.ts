/** An upgrade on a real database with the demo tenants: what it does, and when it refuses. */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { spawnFunctions } from "../../functions/_shared/spawn_functions.ts";
import { using } from "../backup/connect.ts";
import { runBackup } from "../backup/run.ts";
import { type Drill, startDrill, toolsOf } from "../backup/testing.ts";
import { ROOT } from "../env.ts";
import { stack } from "../stack/testing.ts";
import { smokeTest } from "./smoke.ts";
import { type Upgrade, upgrade } from "./upgrade_steps.ts";

let drill: Drill;
let workdir: string;
let said: string[];
const NEXT = "20990101000000_next.sql";
const migration = (sql: string) =>
  writeFile(path.join(workdir, "supabase", "migrations", NEXT), sql);
const owner = () => drill.scratch.url("postgres");
const columns = async () =>
  (
    await using(
      owner(),
      (sql) => sql<{ name: string }[]>`
        select attname as name from pg_attribute
        where attrelid = 'public.customers'::regclass and attname like 'tried%'`,
    )
  ).map(({ name }) => name);

const order = (more: Partial<Upgrade> = {}): Upgrade => ({
  databaseUrl: owner(),
  workdir,
  backup: async () => "20260101T000000Z",
  smoke: async () => {},
  say: (line) => said.push(line),
  ...more,
});

beforeAll(async () => {
  workdir = await mkdtemp(path.join(tmpdir(), "kontor-upgrade-"));
  await cp(path.join(ROOT, "supabase"), path.join(workdir, "supabase"), { recursive: true });
  drill = await startDrill();
}, 300_000);
beforeEach(() => {
  said = [];
});
afterAll(async () => {
  await drill?.[Symbol.asyncDispose]();
  await rm(workdir, { recursive: true, force: true });
}, 60_000);

test("nothing is applied without a backup", async () => {
  await migration("alter table public.customers add column tried int;");
  const backup = async () => {
    throw new Error("the store is full");
  };
  await expect(upgrade(order({ backup }))).rejects.toThrow(
    "no backup, so nothing was changed: the store is full",
  );
  expect(said.join("\n")).toContain(NEXT);
  expect(await columns()).toEqual([]);
});

test("a migration that fails leaves nothing behind, and the way back is told", async () => {
  await migration("alter table public.customers add column tried int; select 1 / 0;");
  await expect(upgrade(order())).rejects.toThrow(
    /20990101000000_next\.sql failed.*division by zero.*How to go back.*into <database> 20260101T000000Z/s,
  );
  expect(await columns()).toEqual([]);
});

test("a migration that breaks a rule is found before anybody works with it", async () => {
  const [first] = await using(
    owner(),
    (sql) => sql<{ id: string; total: string }[]>`select id, total from public.orders limit 1`,
  );
  await migration("create table private.tried ();");
  const smoke = async () => expect.unreachable("the invariants come first");
  await using(drill.admin, async (sql) => {
    await sql`set session_replication_role = replica`;
    await sql`update public.orders set total = total + 1 where id = ${first?.id ?? ""}`;
  });
  await expect(upgrade(order({ smoke }))).rejects.toThrow(
    /after the migrations: 1 orders are not the sum of their items.*How to go back/s,
  );
  await using(drill.admin, async (sql) => {
    await sql`set session_replication_role = replica`;
    await sql`update public.orders set total = ${first?.total ?? ""} where id = ${first?.id ?? ""}`;
  });
});

describe("with what was applied already", () => {
  test("there is nothing to apply, and the running parts are asked all the same", async () => {
    const smoke = async () => {
      throw new Error("GET /api/orders answers 500");
    };
    await expect(upgrade(order({ smoke }))).rejects.toThrow(
      /the running parts do not get on with it: GET \/api\/orders answers 500.*How to go back/s,
    );
    expect(said[0]).toBe("no migrations are pending");
  });

  test("a database of a newer version, and files that changed, are refused before a backup", async () => {
    const backup = async () => expect.unreachable("it is refused before");
    await migration("create table private.tried_otherwise ();");
    await expect(upgrade(order({ backup }))).rejects.toThrow(/is not what was applied/);
    await rm(path.join(workdir, "supabase", "migrations", NEXT));
    await expect(upgrade(order({ backup }))).rejects.toThrow(/migrated by a newer version/);
    await migration("create table private.tried ();");
  });
});

describe.skipIf(!toolsOf(15))("with a real backup in a real store", () => {
  const backup = async () => (await runBackup(drill.settings)).manifest.id;

  test("takes it, proves it, applies, and says how to go back", { timeout: 180_000 }, async () => {
    const later = "20990102000000_later.sql";
    await writeFile(
      path.join(workdir, "supabase", "migrations", later),
      "alter table public.customers add column tried_later int;",
    );
    const id = await upgrade(order({ backup }));
    expect(await columns()).toEqual(["tried_later"]);
    expect(said.join("\n")).toMatch(
      new RegExp(`${later}.*backup ${id} is taken and proven.*applied ${later}.*hold.*${id}`, "s"),
    );
    const [row] = await using(
      owner(),
      (sql) => sql<{ state: string }[]>`select state from private.backups where id = ${id}`,
    );
    expect(row?.state).toBe("proven");
  });

  test("a store that refuses means no upgrade", { timeout: 120_000 }, async () => {
    await writeFile(
      path.join(workdir, "supabase", "migrations", "20990103000000_never.sql"),
      "alter table public.customers add column tried_never int;",
    );
    drill.s3.fault = ({ method }) => (method === "PUT" || method === "POST" ? 507 : undefined);
    await expect(upgrade(order({ backup }))).rejects.toThrow(/^no backup, so nothing was changed/);
    expect(await columns()).toEqual(["tried_later"]);
  });
});

describe("the smoke test", () => {
  test("reads as a member does, through the running functions", async () => {
    const jwtSecret = "a secret of these tests, and of nothing else";
    const functions = await spawnFunctions({});
    try {
      const asked = { functionsUrl: functions.url, databaseUrl: stack().database_url };
      await smokeTest({ ...asked, jwtSecret });
      await expect(
        smokeTest({ ...asked, jwtSecret: "another secret, of thirty-two characters" }),
      ).rejects.toThrow("GET /api/orders answers 401");
    } finally {
      await functions.stop();
    }
  });

  test("names the parts that are down", async () => {
    const functions = await spawnFunctions({ SUPABASE_URL: "http://127.0.0.1:1" });
    try {
      const asked = { functionsUrl: functions.url, databaseUrl: stack().database_url };
      await expect(smokeTest({ ...asked, jwtSecret: "x".repeat(32) })).rejects.toThrow(
        /auth: unreachable/,
      );
    } finally {
      await functions.stop();
    }
  });
});
