/** The nightly backup in a worker, and what becomes of each that goes wrong: named, recorded, never kept. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type OwnFunctions, spawnFunctions } from "../../functions/_shared/spawn_functions.ts";
import { killWorkers, type SpawnedWorker } from "../../tasks/testing/spawn_worker.ts";
import { ROOT } from "../env.ts";
import { connect, using } from "./connect.ts";
import type { Manifest } from "./manifest.ts";
import { runBackup } from "./run.ts";
import {
  type Drill,
  flipped,
  instead,
  mountSmall,
  places,
  startDrill,
  toolsOf,
} from "./testing.ts";
import { backupsHealth, recordedBackups, runNightly, startWorker } from "./testing_nightly.ts";
import { storedBackups } from "./vault.ts";
import { verify } from "./verify.ts";

/** Objects of a backup, the manifest last. */
const MANIFESTS_TURN = 4;
/** Of random bytes, which do not become fewer by being compressed: two parts of an upload. */
const BULK_MEGABYTES = 10;

let drill: Drill;
let folder: string;
/** The nightly one that everything here is done to. */
let taken: Manifest;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kontor-faults-"));
  drill = await startDrill();
}, 300_000);
afterEach(() => {
  drill.s3.fault = () => undefined;
});
afterAll(async () => {
  await killWorkers();
  await drill?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const recorded = () => recordedBackups(drill);
const night = () => runNightly(drill);

describe.skipIf(!toolsOf(15))("the nightly backup", () => {
  let worker: SpawnedWorker;
  let functions: OwnFunctions;
  const healthzSays = (status: string, detail?: string) =>
    backupsHealth(functions, [status, detail]);
  beforeAll(async () => {
    worker = await startWorker(drill);
    functions = await spawnFunctions({ DATABASE_URL: drill.functions });
    await vi.waitFor(async () => expect(await worker.livez()).toBe(200), { timeout: 60_000 });
  }, 120_000);

  afterAll(() => functions?.stop());

  test("is made and proven by a worker, and its metrics and healthz say so", async () => {
    await healthzSays("skipped", "none was made yet");
    expect(await night()).toBeUndefined();
    expect(await recorded()).toEqual([{ id: expect.any(String), state: "proven", reason: null }]);
    expect(worker.log()).toContain("backed up and proven");
    const metrics = await worker.metrics();
    expect(metrics).toMatch(/^kontor_backup_proven 1$/m);
    expect(metrics).toMatch(/^kontor_backups_damaged 0$/m);
    await healthzSays("ok");
    const [id = ""] = (await storedBackups(drill.settings.vault)).complete;
    taken = await verify(drill.settings.vault, id, drill.identity);
  }, 120_000);

  test("that was altered since is found by the next cycle, and healthz and the metric turn red", async () => {
    const { name } = taken.parts.database;
    const key = `${taken.id}/${name}`;
    await instead(drill, key, flipped(await drill.read(key)), async () => {
      expect(await night()).toBeUndefined();
      const reason = `${key} was altered: its SHA-256 is not the manifest's`;
      expect((await recorded())[0]).toEqual({ id: taken.id, state: "damaged", reason });
      const metrics = await worker.metrics();
      expect(metrics).toMatch(/^kontor_backup_proven 0$/m);
      expect(metrics).toMatch(/^kontor_backups_damaged 1$/m);
      expect(worker.log()).toContain("earlier backups are damaged");
      await healthzSays("down", "one that is kept is damaged");
    });
    // As it was again, which the operator may have seen to; it stays what it was found to be.
    await verify(drill.settings.vault, taken.id, drill.identity);
  }, 120_000);

  test("that is altered on its way into the store is none", async () => {
    const { vault } = drill.settings;
    const key = async () => `${(await storedBackups(vault)).unfinished.at(-1)}/roles.sql.zst.age`;
    const spoil = async () => {
      const name = await key();
      await drill.write(name, flipped(await drill.read(name)));
    };
    let puts = 0;
    drill.s3.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      puts += 1;
      return puts === MANIFESTS_TURN ? spoil() : undefined;
    };
    await expect(runBackup(drill.settings)).rejects.toThrow(/roles\.sql\.zst\.age was altered/);
    expect((await recorded()).at(-1)).toEqual({
      id: expect.any(String),
      state: "failed",
      reason: expect.stringContaining("roles.sql.zst.age was altered"),
    });
  }, 120_000);

  test("without a pg_dump of the server's version fails once, in plain words, and the worker lives", async () => {
    worker.child.kill("SIGTERM");
    const other = path.join(folder, "pg_dump");
    writeFileSync(other, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.9'\n");
    chmodSync(other, 0o755);
    const lacking = await startWorker(drill, { PG_DUMP: other });
    await vi.waitFor(async () => expect(await lacking.livez()).toBe(200), { timeout: 60_000 });
    const words = `here is only 14.9 (${other}): install postgresql-client-15, or set PG_DUMP to one`;
    expect(await night()).toMatchObject({
      attempts: 1,
      max_attempts: 1,
      last_error: expect.stringContaining(words),
    });
    expect((await recorded()).at(-1)).toMatchObject({
      state: "failed",
      reason: expect.stringContaining(words),
    });
    expect(await lacking.livez()).toBe(200);
  }, 120_000);

  test("waits for no other: the second at once is refused", async () => {
    const first = connect(drill.admin);
    try {
      await first`select pg_advisory_lock(hashtextextended('kontor backup', 0))`;
      await expect(runBackup(drill.settings)).rejects.toThrow(
        "another backup of this database is running",
      );
    } finally {
      await first.end();
    }
  });

  test("of a database with a wrong total is kept, and said to be unproven", async () => {
    const add = (amount: number) =>
      using(drill.admin, async (sql) => {
        await sql`set session_replication_role = replica`;
        await sql`update public.orders set total = total + ${amount} where sequence = 1`;
      });
    await add(1);
    await expect(runBackup(drill.settings)).rejects.toThrow(
      "2 orders are not the sum of their items",
    );
    await add(-1);
  }, 120_000);

  test("that the store did not take is none, and those before it stay", async () => {
    const { vault } = drill.settings;
    const before = (await storedBackups(vault)).complete;
    let puts = 0;
    drill.s3.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      puts += 1;
      return puts > 1 ? 507 : undefined;
    };
    await expect(runBackup(drill.settings)).rejects.toThrow(/object store/);
    drill.s3.fault = () => undefined;
    expect((await storedBackups(vault)).complete).toEqual(before);
    expect((await recorded()).at(-1)?.state).toBe("failed");
  }, 120_000);

  test("whose store breaks off in the middle of the dump is none, and leaves no part behind", async () => {
    const { vault, databaseUrl } = drill.settings;
    const before = (await storedBackups(vault)).complete;
    await using(databaseUrl, async (sql) => {
      await sql`create table private.bulk (bytes bytea)`;
      await sql`insert into private.bulk
        select string_agg(sha512(gen_random_uuid()::text::bytea), '') from generate_series(1, ${
          (BULK_MEGABYTES * 1024 * 1024) / 64
        }::int)`;
    });
    try {
      drill.s3.fault = ({ part }) => (part === 2 ? "cut" : undefined);
      await expect(runBackup(drill.settings)).rejects.toThrow(/object store/);
      drill.s3.fault = () => undefined;
      expect(await storedBackups(vault)).toEqual({
        complete: before,
        unfinished: expect.any(Array),
      });
      const { client, bucket } = vault.store;
      const left = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      expect(left.Uploads ?? []).toEqual([]);
      // A backup of several parts goes through when the store does.
      await runBackup(drill.settings);
    } finally {
      await using(databaseUrl, (sql) => sql`drop table private.bulk`);
    }
  }, 120_000);
});

test("on a disk that becomes full while it is proven: said so, and the server and the next one are well", async (context) => {
  const at = path.join(folder, "disk");
  mkdirSync(at);
  if (!toolsOf(15) || !mountSmall(at)) return context.skip("nobody may mount a small disk here");
  // Databases are made where their template is.
  const move = (to: string) =>
    using(drill.admin, (sql) => sql`alter database template0 set tablespace ${sql(to)}`);
  try {
    await using(drill.admin, (sql) => sql.unsafe(`create tablespace small location '${at}'`));
    await move("small");
    await expect(runBackup(drill.settings)).rejects.toThrow("No space left on device");
    expect((await recorded()).at(-1)).toMatchObject({
      state: "failed",
      reason: expect.stringMatching(/^the disk is full: pg_restore: /),
    });
    await move("pg_default");
    await using(drill.admin, (sql) => sql`drop tablespace small`);
    await runBackup(drill.settings);
  } finally {
    spawnSync("umount", [at]);
  }
}, 120_000);

test("by hand on a server whose pg_dump is not here: said so, and nothing is done", () => {
  const script = path.join(ROOT, "scripts", "backup", "backup.ts");
  const { status, stderr } = spawnSync(process.execPath, [script], {
    encoding: "utf8",
    env: {
      ...drill.store,
      PATH: places.path,
      BACKUP_DATABASE_URL: drill.settings.databaseUrl,
      BACKUP_RECIPIENT: drill.settings.recipients.join(),
      PG_DUMP: "/nowhere/pg_dump",
    },
  });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(
      /^no backup: this database is on Postgres 15, .*; there is none here: install/,
    ),
  ]);
});
