/** Backup, proof and the way back, on a real server and store. What goes wrong is in faults.test.ts. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { generateX25519Identity } from "age-encryption";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Scratch, startScratch } from "../db/scratch.ts";
import { OLDEST } from "../stack/postgres/binaries.ts";
import { using } from "./connect.ts";
import { compareFiles } from "./files.ts";
import { type Restore, restoreInto } from "./into.ts";
import { MANIFEST, type Manifest, readManifest, type TableSum, writeManifest } from "./manifest.ts";
import { withDatabase } from "./prove.ts";
import { rolesAsSql } from "./roles.ts";
import { type Outcome, runBackup } from "./run.ts";
import { differences, sumsOf } from "./tables.ts";
import { restoreTenant } from "./tenant.ts";
import { type Drill, flipped, instead, places, startDrill, toolsOf } from "./testing.ts";
import { verify } from "./verify.ts";

const tools = toolsOf(15);
/** In the store beside the backups. */
const FILES: Readonly<Record<string, string>> = {
  "acme/order/1": "a drawing",
  "acme/order/2": "a scan",
  "globex/logo": "a logo",
};

let drill: Drill;
/** A new machine's: it has none of Kontor's roles. */
let elsewhere: Scratch;
let taken: Outcome;

beforeAll(async () => {
  [drill, elsewhere] = await Promise.all([startDrill(), startScratch(OLDEST)]);
}, 300_000);
afterAll(() => Promise.all([drill, elsewhere].map((one) => one?.[Symbol.asyncDispose]())));

const order = (databaseUrl: string, more: Partial<Restore> = {}): Restore => ({
  vault: drill.settings.vault,
  id: taken.manifest.id,
  databaseUrl,
  identity: drill.identity,
  tools: places,
  overwrite: false,
  ...more,
});
const sums = (url: string): Promise<TableSum[]> =>
  using(url, (sql) => sumsOf(sql, taken.manifest.schemas));
/** What changes while backups are made is not what they hold. */
const settled = (found: readonly TableSum[]) =>
  found.filter(({ name }) => name !== "private.backups");

const never = () => withDatabase(drill.admin, `never_${randomUUID()}`);
/** That nothing was made of a restore that was refused. */
async function nothingMade(): Promise<void> {
  const made = await using(
    drill.admin,
    (sql) => sql`select datname from pg_database where datname ~ '^(never|kontor)_'`,
  );
  expect(made).toEqual([]);
}

test("the migrations build the database on Postgres 15", async () => {
  const [found] = await using(drill.admin, (sql) => sql`select version() as postgres`);
  expect(found?.postgres).toMatch(/^PostgreSQL 15\./);
  expect(drill.migrations.length).toBeGreaterThan(0);
});

describe.skipIf(!tools)("a backup", () => {
  beforeAll(async () => {
    for (const [key, text] of Object.entries(FILES)) await drill.writeFile(key, text);
    taken = await runBackup(drill.settings);
  }, 120_000);

  test("is proven, recorded, and nobody without the key reads a word of it", async () => {
    const { manifest, bytes } = taken;
    expect(
      await using(drill.admin, (sql) => sql`select * from private.backup_status()`),
    ).toMatchObject([{ state: "proven", bytes: String(bytes), damaged: 0 }]);
    expect(manifest.tables).toContainEqual(
      expect.objectContaining({ name: "public.orders", rows: 2200 }),
    );
    expect(manifest.versions.migrations).toHaveLength(drill.migrations.length);
    for (const { name } of Object.values(manifest.parts)) {
      const object = Buffer.from(await drill.read(`${manifest.id}/${name}`));
      expect(object.subarray(0, 21).toString()).toBe("age-encryption.org/v1");
      expect(object.includes("Speicherstra")).toBe(false);
    }
    await verify(drill.settings.vault, manifest.id, drill.identity);
    const left = await using(
      drill.admin,
      (sql) => sql`
      select datname from pg_database where datname like 'kontor_proof%'`,
    );
    expect(left).toEqual([]);
  });

  test("becomes the same database on another server: rows, owners, rights, roles", async () => {
    const target = withDatabase(elsewhere.url("supabase_admin"), "again");
    const before = await sums(drill.admin);
    expect((await restoreInto(order(target))).aside).toEqual([]);
    expect(differences(settled(before), await sums(target))).toEqual([]);
    // A condition read anew has fewer brackets; the other lines are different in each dump.
    const shape = (url: string) =>
      execFileSync(tools?.dump ?? "", ["--schema-only", `--dbname=${url}`], {
        encoding: "utf8",
        maxBuffer: 1e8,
      }).replace(/^\\(un)?restrict .*$|[()]/gm, "");
    expect(shape(target)).toBe(shape(drill.admin));
    const roles = (url: string) => using(url, rolesAsSql);
    expect(await roles(target)).toBe(await roles(drill.admin));
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
    const live = drill.admin;
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
    const rename = (from: string, to: string) =>
      using(live, (sql) => sql`update public.tenants set slug = ${to} where slug = ${from}`);
    await rename("acme", "acme-today");
    await expect(restoreTenant(ask)).rejects.toThrow(/acme-today is in the live database/);
    const done = await restoreTenant({ ...ask, overwrite: true });
    expect(done).toMatchObject({ shared: 2, keptAudit: true });
    expect(await globex()).toEqual(theirs);
    const changed = differences(before, await sums(live)).map((line) => line.split(" ")[0]);
    // The other tenant's own change, and the log's word on the restore.
    expect(changed).toEqual(["audit.entries", "public.customers"]);
  }, 120_000);

  test("knows its files by their hashes, and which are gone or other ones", async () => {
    const { vault, files } = drill.settings;
    const look = () => compareFiles(vault, taken.manifest.id, drill.identity, files);
    const keys = Object.keys(FILES);
    expect(await look()).toEqual({ count: keys.length, faults: [] });
    const [first = "", second = ""] = keys;
    await drill.writeFile(first, FILES[first]?.replace("a", "b") ?? "");
    await files.client.send(new DeleteObjectCommand({ Bucket: files.bucket, Key: second }));
    await drill.writeFile("came/since", "a new one");
    expect((await look()).faults).toEqual([`${first} has other contents`, `${second} is missing`]);
    for (const key of [first, second]) await drill.writeFile(key, FILES[key] ?? "");
    expect((await look()).faults).toEqual([]);
  });

  test("that was cut, altered or lost in part is refused by the object's name", async () => {
    const { vault } = drill.settings;
    const key = `${taken.manifest.id}/${taken.manifest.parts.database.name}`;
    const whole = await drill.read(key);
    const faults: [Uint8Array, RegExp][] = [
      [whole.subarray(0, whole.length - 1000), /database\.dump\.zst\.age is truncated/],
      [flipped(whole), /database\.dump\.zst\.age was altered/],
    ];
    for (const [body, message] of faults) {
      await instead(drill, key, body, async () => {
        await expect(verify(vault, taken.manifest.id)).rejects.toThrow(message);
        await expect(restoreInto(order(never()))).rejects.toThrow(message);
        const one = { ...order(drill.admin, { overwrite: true }), slug: "acme" };
        await expect(restoreTenant(one)).rejects.toThrow(message);
      });
    }
    const manifest = `${taken.manifest.id}/${MANIFEST}`;
    const text = Buffer.from(await drill.read(manifest)).toString();
    const lie = Buffer.from(text.replace('"rows": 2200', '"rows": 2201'));
    await instead(drill, manifest, lie, async () => {
      await expect(verify(vault, taken.manifest.id)).rejects.toThrow(`${manifest} is damaged`);
    });
    await expect(verify(vault, "20200101T000000Z")).rejects.toThrow("there is no backup");
    await nothingMade();
  }, 120_000);

  test("that a newer Kontor or a newer Postgres made is refused, and each says what to do", async () => {
    const key = `${taken.manifest.id}/${MANIFEST}`;
    const manifest = readManifest(Buffer.from(await drill.read(key)).toString(), taken.manifest.id);
    const { versions } = manifest;
    const faults: [Partial<Manifest["versions"]>, RegExp][] = [
      [
        { kontor: "9.9.9", migrations: [...versions.migrations, "29990101000000"] },
        /made by a newer Kontor \(9\.9\.9, with migration 29990101000000\); restore it with that version/,
      ],
      [
        { postgres: "18.1" },
        /made on Postgres 18\.1, this server is 15\..*takes that version or a newer/,
      ],
    ];
    for (const [other, message] of faults) {
      const text = writeManifest({ ...manifest, versions: { ...versions, ...other } });
      await instead(drill, key, Buffer.from(text), async () => {
        await expect(restoreInto(order(drill.admin))).rejects.toThrow(message);
        const one = { ...order(drill.admin), slug: "acme" };
        await expect(restoreTenant(one)).rejects.toThrow(message);
      });
    }
  }, 120_000);

  test("is not opened with another key, and nothing of a restore stays behind", async () => {
    const identity = await generateX25519Identity();
    const message = "was encrypted for another key than the one that was given";
    await expect(verify(drill.settings.vault, taken.manifest.id, identity)).rejects.toThrow(
      message,
    );
    const one = { ...order(drill.admin, { overwrite: true, identity }), slug: "acme" };
    await expect(restoreTenant(one)).rejects.toThrow(message);
    await nothingMade();
  }, 120_000);
});
