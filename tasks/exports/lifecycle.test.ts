/** Exports that are cut off: cancelled, killed, or left alone by their store. In a stack of its own. */
import { rmSync } from "node:fs";
import path from "node:path";
import { parse } from "csv-parse";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Export } from "../../functions/_shared/contracts/exports.ts";
import { ask, type Who } from "../../functions/_shared/testing.ts";
import { readIdentity } from "../../scripts/stack/lock.ts";
import { freshEnv, type SpawnedStack, spawnStack } from "../../scripts/stack/spawn_stack.ts";
import { newTenant, owner, useStack } from "../../scripts/stack/testing.ts";
import { openObjectStore } from "../s3.ts";
import { StoreError } from "./failure.ts";
import { read, request, store, stored, until } from "./testing.ts";
import { abortUnfinished, Upload } from "./upload.ts";

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 180_000 });

const CUSTOMERS = 6_000;
const body = { format: "csv", columns: ["name", "custom"], sort: "created_at" };

let running: SpawnedStack;
let who: Who;
let prefix: string;

beforeAll(async () => {
  running = spawnStack(await freshEnv());
  await running.ready();
  await useStack(running.stackFile);
  const tenant = await newTenant();
  who = { token: tenant.token, tenant: tenant.id };
  prefix = `${tenant.id}/exports/`;
  // More than 100 MB of CSV.
  await owner()`
    insert into public.customers (tenant_id, name, custom)
    select ${tenant.id}, 'Customer ' || n, jsonb_build_object('text', repeat(md5(n::text), 580))
    from generate_series(1, ${CUSTOMERS}::int) as n`;
});
afterAll(async () => {
  await running.stop();
  rmSync(path.dirname(running.dataDir), { recursive: true, force: true });
});

const uploading = () =>
  vi.waitFor(async () => expect((await stored(prefix)).uploads).toBeGreaterThan(0), {
    timeout: 60_000,
    interval: 20,
  });

const workerPid = () => readIdentity(path.join(running.dataDir, "run", "worker.pid"))?.pid;

test("one that is cancelled stops, and leaves nothing behind", async () => {
  const { id } = await request("/customers", who, body);
  await uploading();
  const answer = await ask<Export>(`/exports/${id}/cancel`, { ...who, method: "POST" });
  expect(answer.status).toBe(200);
  await until(who, id, "cancelled");
  await expect.poll(() => stored(prefix), { timeout: 20_000 }).toEqual({ objects: [], uploads: 0 });
  await expect
    .poll(
      () => owner()`
        select from pg_stat_activity where application_name = 'kontor-worker export'`,
      { timeout: 10_000 },
    )
    .toHaveLength(0);
});

test("one whose worker is killed is made by the next, once", async () => {
  const { id } = await request("/customers", who, body);
  await uploading();
  const killed = workerPid() ?? 0;
  process.kill(killed, "SIGKILL");
  const made = await until(who, id, "succeeded");
  expect(workerPid()).not.toBe(killed);
  await expect
    .poll(() => stored(prefix), { timeout: 20_000 })
    .toEqual({ objects: [`${prefix}${id}`], uploads: 0 });
  const file = await fetch(made.download_url ?? "");
  const rows = parse({ record_delimiter: "\r\n", columns: true });
  const found: string[] = [];
  const lengths = new Set<number>();
  rows.on("data", ({ name, custom }: { name: string; custom: string }) => {
    found.push(name);
    lengths.add(custom.length);
  });
  for await (const chunk of file.body ?? []) rows.write(chunk);
  await new Promise((resolve) => rows.end(resolve));
  expect(found.sort()).toEqual(
    Array.from({ length: CUSTOMERS }, (_, n) => `Customer ${n + 1}`).sort(),
  );
  expect([...lengths]).toEqual([580 * 32 + '{"text": ""}'.length]);
  expect(made.progress.done).toBe(CUSTOMERS);
});

test("one whose worker died for good is failed by the clock", async () => {
  const { id } = await request("/products", who, { format: "csv" });
  await until(who, id, "succeeded");
  await owner()`update public.exports set status = 'running' where id = ${id}`;
  await owner()`select graphile_worker.add_job('expire_exports', '{}'::json)`;
  expect((await until(who, id, "failed")).error).toMatch(/interrupted/);
  await ask(`/exports/${id}/retry`, { ...who, method: "POST" });
  expect((await until(who, id, "succeeded")).error).toBeNull();
});

test("uploads that nobody finishes are swept after a day", async () => {
  const { signal } = new AbortController();
  const left = new Upload({ store: store(), key: "left/behind", contentType: "text/csv", signal });
  await left.write(Buffer.alloc(9 * 1024 * 1024));
  expect((await stored("left/")).uploads).toBe(1);
  const sweep = (after: number) =>
    abortUnfinished(store(), { prefix: "left/", begunBefore: new Date(Date.now() + after) });
  expect(await sweep(-86_400_000)).toBe(0);
  expect(await sweep(1_000)).toBe(1);
  expect((await stored("left/")).uploads).toBe(0);
});

test("a store that is away is a failure in plain words", async () => {
  const away = openObjectStore({
    S3_ENDPOINT: "http://127.0.0.1:1",
    S3_REGION: "us-east-1",
    S3_BUCKET: "kontor",
    S3_ACCESS_KEY_ID: "x",
    S3_SECRET_ACCESS_KEY: "y",
  });
  const { signal } = new AbortController();
  const upload = new Upload({ store: away, key: "a", contentType: "text/csv", signal });
  await upload.write(Buffer.from("a"));
  await expect(upload.finish()).rejects.toBeInstanceOf(StoreError);
  await upload.abort();
});

test("its progress is told while it runs", async () => {
  const { id } = await request("/customers", who, body);
  const seen = new Set<number>();
  for (let found = await read(who, id); ; found = await read(who, id)) {
    seen.add(found.progress.done);
    if (found.status === "succeeded") break;
    expect(["queued", "running"]).toContain(found.status);
  }
  expect([...seen].at(-1)).toBe(CUSTOMERS);
});

test("one whose format cannot hold its rows fails at once, and says so", async () => {
  const tenant = who.tenant ?? "";
  await owner()`
    insert into public.customers (tenant_id, name)
    select ${tenant}, 'Another ' || n from generate_series(1, 8000) as n`;
  const { id } = await request("/customers", who, { format: "pdf" });
  const failed = await until(who, id, "failed");
  expect(failed.error).toMatch(/^A PDF holds 10,000 rows at most/);
});
