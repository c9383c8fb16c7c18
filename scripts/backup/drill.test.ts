/** Backup, proof and restore on a real server and store, and what becomes of each that goes wrong. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { type FaultyStore, openFaultyStore } from "../../tasks/exports/testing_store.ts";
import { openObjectStore } from "../../tasks/s3.ts";
import { type Scratch, startScratch } from "../db/scratch.ts";
import { ROOT, readEnv } from "../env.ts";
import { OLDEST } from "../stack/postgres/binaries.ts";
import { connect, using } from "./connect.ts";
import { type Restore, restoreInto } from "./into.ts";
import { MANIFEST, type TableSum } from "./manifest.ts";
import { withDatabase } from "./prove.ts";
import { rolesAsSql } from "./roles.ts";
import { type Outcome, runBackup } from "./run.ts";
import type { BackupSettings } from "./settings.ts";
import { differences, sumsOf } from "./tables.ts";
import { restoreTenant } from "./tenant.ts";
import { startFilled } from "./testing.ts";
import { findTools } from "./tools.ts";
import { storedBackups } from "./vault.ts";
import { verify } from "./verify.ts";

const places = { pgDump: undefined, path: readEnv().PATH };
const has = (major: number) => {
  try {
    return findTools(major, places);
  } catch {
    return undefined;
  }
};
const tools = has(15);

let scratch: Scratch;
/** A new machine's: it has none of Kontor's roles. */
let elsewhere: Scratch;
let migrations: string[];
let s3: FaultyStore;
let settings: BackupSettings;
let identity: string;
let taken: Outcome;

beforeAll(async () => {
  s3 = await openFaultyStore();
  [{ scratch, migrations }, elsewhere] = await Promise.all([startFilled(), startScratch(OLDEST)]);
  identity = await generateX25519Identity();
  const store = openObjectStore({
    S3_ENDPOINT: s3.env.S3_ENDPOINT ?? "",
    S3_REGION: "us-east-1",
    S3_BUCKET: "kontor",
    S3_ACCESS_KEY_ID: s3.env.S3_ACCESS_KEY_ID ?? "",
    S3_SECRET_ACCESS_KEY: s3.env.S3_SECRET_ACCESS_KEY ?? "",
  });
  settings = {
    databaseUrl: scratch.url("postgres"),
    recipients: [await identityToRecipient(identity)],
    files: store,
    vault: { store, prefix: "backups/" },
    keep: { daily: 7, weekly: 5, monthly: 12 },
    tools: places,
    version: "0.1.0",
  };
}, 300_000);

afterAll(async () => {
  await s3?.close();
  await Promise.all([scratch, elsewhere].map((server) => server?.[Symbol.asyncDispose]()));
});

const admin = () => scratch.url("supabase_admin");
const order = (databaseUrl: string, more: Partial<Restore> = {}): Restore => ({
  vault: settings.vault,
  id: taken.manifest.id,
  databaseUrl,
  identity,
  tools: places,
  overwrite: false,
  ...more,
});
const sums = (url: string): Promise<TableSum[]> =>
  using(url, (sql) => sumsOf(sql, taken.manifest.schemas));
/** What changes while backups are made is not what they hold. */
const settled = (found: readonly TableSum[]) =>
  found.filter(({ name }) => name !== "private.backups");
const where = (Key: string) => ({ Bucket: "kontor", Key: `backups/${Key}` });

async function read(key: string): Promise<Uint8Array> {
  const { Body } = await settings.vault.store.client.send(new GetObjectCommand(where(key)));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}
const write = (key: string, Body: Uint8Array) =>
  settings.vault.store.client.send(new PutObjectCommand({ ...where(key), Body }));

test("the migrations build the database on Postgres 15", async () => {
  expect(migrations.length).toBeGreaterThan(0);
  const [found] = await using(
    admin(),
    (sql) => sql<{ version: string; orders: number }[]>`
      select current_setting('server_version') as version,
        (select count(*)::int from public.orders) as orders`,
  );
  expect(found).toMatchObject({ version: expect.stringMatching(/^15\./), orders: 2200 });
});

test("only a pg_dump of the server's own version will do, and the message says which", () => {
  expect(() => findTools(99, places)).toThrow(
    /on Postgres 99.*pg_dump and pg_restore of 99.*install postgresql-client-99, or set PG_DUMP/,
  );
  expect(() => findTools(99, { ...places, pgDump: "/nowhere/pg_dump" })).toThrow("none here");
});

test.skipIf(has(17))(
  "the embedded server has no pg_dump here: said so, and nothing is done",
  () => {
    const script = path.join(ROOT, "scripts", "backup", "backup.ts");
    const { status, stderr } = spawnSync(process.execPath, [script], {
      encoding: "utf8",
      env: {
        PATH: places.path,
        KONTOR_DATA_DIR: path.dirname(inject("stackFile")),
        BACKUP_RECIPIENT: settings.recipients.join(),
      },
    });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^no backup: this database is on Postgres 17, which takes the pg_dump/),
    ]);
  },
);

describe.skipIf(!tools)("a backup", () => {
  beforeAll(async () => {
    taken = await runBackup(settings);
  }, 120_000);
  afterEach(() => {
    s3.fault = () => undefined;
  });

  test("is proven, recorded, and nobody without the key reads a word of it", async () => {
    const { manifest, bytes } = taken;
    expect(await using(admin(), (sql) => sql`select * from private.backup_status()`)).toMatchObject(
      [{ state: "proven", bytes: String(bytes), damaged: 0 }],
    );
    expect(manifest.tables).toContainEqual(
      expect.objectContaining({ name: "public.orders", rows: 2200 }),
    );
    expect(manifest.versions.migrations).toHaveLength(migrations.length);
    for (const { name } of Object.values(manifest.parts)) {
      const object = Buffer.from(await read(`${manifest.id}/${name}`));
      expect(object.subarray(0, 21).toString()).toBe("age-encryption.org/v1");
      expect(object.includes("Speicherstra")).toBe(false);
    }
    await verify(settings.vault, manifest.id, identity);
    const left = await using(
      admin(),
      (sql) => sql`
      select datname from pg_database where datname like 'kontor_proof%'`,
    );
    expect(left).toEqual([]);
  });

  test("becomes the same database on another server: rows, owners, rights, roles", async () => {
    const target = withDatabase(elsewhere.url("supabase_admin"), "again");
    const before = await sums(admin());
    expect((await restoreInto(order(target))).aside).toEqual([]);
    expect(differences(settled(before), await sums(target))).toEqual([]);
    // A condition read anew has fewer brackets; the other lines are different in each dump.
    const shape = (url: string) =>
      execFileSync(tools?.dump ?? "", ["--schema-only", `--dbname=${url}`], {
        encoding: "utf8",
        maxBuffer: 1e8,
      }).replace(/^\\(un)?restrict .*$|[()]/gm, "");
    expect(shape(target)).toBe(shape(admin()));
    const roles = (url: string) => using(url, rolesAsSql);
    expect(await roles(target)).toBe(await roles(admin()));
    const login = await using(
      target,
      (sql) => sql`
      select from pg_authid where rolname = 'kontor_worker' and rolpassword is not null`,
    );
    expect(login).toHaveLength(0);

    await expect(restoreInto(order(target))).rejects.toThrow(/not empty.*nothing was changed/);
    await using(target, (sql) => sql`update public.customers set name = 'kept'`);
    // Its key is tried when what is there is out of the way already: that comes back.
    const other = { overwrite: true, identity: await generateX25519Identity() };
    await expect(restoreInto(order(target, other))).rejects.toThrow("encrypted for another key");
    const names = (schema: string) =>
      using(
        target,
        (sql) => sql`select distinct name = 'kept' as kept from ${sql(schema)}.customers`,
      );
    expect(await names("public")).toEqual([{ kept: true }]);
    const { aside } = await restoreInto(order(target, { overwrite: true }));
    const [kept = ""] = aside.filter((name) => name.startsWith("public_before_"));
    expect(await names(kept)).toEqual([{ kept: true }]);
    expect(differences(settled(before), await sums(target))).toEqual([]);
  }, 120_000);

  test("one tenant comes back, and no other tenant's row changes", async () => {
    const live = admin();
    const before = await sums(live);
    await using(live, async (sql) => {
      await sql`set session_replication_role = replica`;
      const acme = sql`(select id from public.tenants where slug = 'acme')`;
      await sql`delete from public.order_items where tenant_id = ${acme}`;
      await sql`update public.orders set notes = 'lost' where tenant_id = ${acme}`;
      await sql`delete from public.people where email in ('viewer@acme.test')`;
      await sql`delete from auth.users where email in ('viewer@acme.test')`;
      await sql`update public.customers set name = 'newer'
        where tenant_id = (select id from public.tenants where slug = 'globex')`;
    });
    const globex = () =>
      using(
        live,
        (sql) => sql`
        select md5(string_agg(c::text, '' order by id)) as sum from public.customers c
        where tenant_id = (select id from public.tenants where slug = 'globex')`,
      );
    const theirs = await globex();
    const ask = { ...order(live), slug: "acme" };
    await expect(restoreTenant({ ...ask, slug: "nobody" })).rejects.toThrow(
      /no tenant nobody; it has acme, globex/,
    );
    await expect(restoreTenant(ask)).rejects.toThrow(/in the live database; nothing was changed/);
    const done = await restoreTenant({ ...ask, overwrite: true });
    expect(done).toMatchObject({ shared: 2, keptAudit: true });
    expect(await globex()).toEqual(theirs);
    const changed = differences(before, await sums(live)).map((line) => line.split(" ")[0]);
    // The other tenant's own change, and the log's word on the restore.
    expect(changed).toEqual(["audit.entries", "public.customers"]);
  }, 120_000);

  test("that was cut, altered or lost in part is refused by the object's name", async () => {
    const { id, parts } = taken.manifest;
    const key = `${id}/${parts.database.name}`;
    const whole = await read(key);
    const flipped = Uint8Array.from(whole);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
    const target = withDatabase(admin(), `never_${randomUUID()}`);
    const faults: [Uint8Array, RegExp][] = [
      [whole.subarray(0, whole.length - 1000), /database\.dump\.zst\.age is truncated/],
      [flipped, /database\.dump\.zst\.age was altered/],
    ];
    for (const [body, message] of faults) {
      await write(key, body);
      await expect(verify(settings.vault, id)).rejects.toThrow(message);
      await expect(restoreInto(order(target))).rejects.toThrow(message);
    }
    const made = await using(
      admin(),
      (sql) => sql`
      select from pg_database where datname like 'never%'`,
    );
    expect(made).toHaveLength(0);
    const manifest = await read(`${id}/${MANIFEST}`);
    const lie = Buffer.from(manifest).toString().replace('"rows": 2200', '"rows": 2201');
    await write(`${id}/${MANIFEST}`, Buffer.from(lie));
    await expect(verify(settings.vault, id)).rejects.toThrow(`${id}/${MANIFEST} is damaged`);
    await write(`${id}/${MANIFEST}`, manifest);
    await expect(verify(settings.vault, "20200101T000000Z")).rejects.toThrow("there is no backup");

    // The next cycle finds what is wrong with this one, whatever it makes itself.
    const next = await runBackup(settings);
    expect(next.damaged).toEqual([expect.stringContaining("was altered")]);
    const [status] = await using(admin(), (sql) => sql`select * from private.backup_status()`);
    expect(status).toMatchObject({ state: "proven", damaged: 1 });
    await write(key, whole);
    await verify(settings.vault, id, identity);
  }, 120_000);

  test("that the store did not take is none, and those before it stay", async () => {
    const before = await storedBackups(settings.vault);
    let puts = 0;
    s3.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      puts += 1;
      return puts > 1 ? 507 : undefined;
    };
    await expect(runBackup(settings)).rejects.toThrow(/object store/);
    s3.fault = () => undefined;
    expect((await storedBackups(settings.vault)).complete).toEqual(before.complete);
    const [status] = await using(admin(), (sql) => sql`select * from private.backup_status()`);
    expect(status?.state).toBe("failed");
  }, 120_000);

  test("waits for no other: the second at once is refused", async () => {
    const first = connect(admin());
    try {
      await first`select pg_advisory_lock(hashtextextended('kontor backup', 0))`;
      await expect(runBackup(settings)).rejects.toThrow(
        "another backup of this database is running",
      );
    } finally {
      await first.end();
    }
  });

  test("of a database with a wrong total is kept, and said to be unproven", async () => {
    await using(admin(), async (sql) => {
      await sql`set session_replication_role = replica`;
      await sql`update public.orders set total = total + 1 where sequence = 1`;
    });
    await expect(runBackup(settings)).rejects.toThrow("2 orders are not the sum of their items");
    await using(admin(), async (sql) => {
      await sql`set session_replication_role = replica`;
      await sql`update public.orders set total = total - 1 where sequence = 1`;
    });
  }, 120_000);
});
