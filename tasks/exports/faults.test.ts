/** Exports whose store or printer breaks off, refuses, is full, slow or silent. In a stack of its own. */

import { rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Export } from "../../functions/_shared/contracts/exports.ts";
import { ask, type Who } from "../../functions/_shared/testing.ts";
import { freshEnv, type SpawnedStack, spawnStack } from "../../scripts/stack/spawn_stack.ts";
import { newTenant, owner, stack, type TestTenant, useStack } from "../../scripts/stack/testing.ts";
import { openObjectStore } from "../s3.ts";
import { StoreError } from "./failure.ts";
import { read, request, stored, until } from "./testing.ts";
import { type FaultyStore, openFaultyStore } from "./testing_store.ts";
import { Upload } from "./upload.ts";

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 180_000 });

const CUSTOMERS = 1_500;
const body = { format: "csv", columns: ["name", "custom"], sort: "created_at" };

let running: SpawnedStack;
let faulty: FaultyStore;
let printer: Server;
/** How the printer answers. */
let print: RequestListener;
let tenant: TestTenant;
let who: Who;

beforeAll(async () => {
  faulty = await openFaultyStore();
  printer = createServer((question, answer) => print(question, answer));
  await new Promise<void>((resolve) => printer.listen(0, "127.0.0.1", resolve));
  const { port } = printer.address() as AddressInfo;
  const env = await freshEnv();
  running = spawnStack({ ...env, ...faulty.env, GOTENBERG_URL: `http://127.0.0.1:${port}` });
  await running.ready();
  await useStack(running.stackFile);
  tenant = await newTenant();
  who = { token: tenant.token, tenant: tenant.id };
  // Four parts of CSV.
  await owner()`
    insert into public.customers (tenant_id, name, custom)
    select ${tenant.id}, 'Customer ' || n, jsonb_build_object('text', repeat(md5(n::text), 580))
    from generate_series(1, ${CUSTOMERS}::int) as n`;
});
afterAll(async () => {
  await running.stop();
  await faulty.close();
  printer.closeAllConnections();
  printer.close();
  rmSync(path.dirname(running.dataDir), { recursive: true, force: true });
});

beforeEach(() => {
  faulty.fault = () => undefined;
});

const keyOf = (id: string) => `${tenant.id}/exports/${id}`;

/** Its next attempt need not wait. */
const hurry = (id: string) => owner()`
  update graphile_worker._private_jobs set run_at = now()
  where key = ${`export:${id}`} and locked_at is null and run_at > now()`;

/** As a person sees an export that failed and is tried again. */
const waiting = (id: string) =>
  vi.waitFor(
    async () => {
      const found = await read(who, id);
      expect(found).toMatchObject({ status: "queued", error: expect.any(String) });
      return found;
    },
    { timeout: 60_000, interval: 20 },
  );

async function lines({ download_url }: Export): Promise<number> {
  const text = await (await fetch(download_url ?? "")).text();
  return text.split("\r\n").length - 2;
}

const cancel = (id: string) => ask<Export>(`/exports/${id}/cancel`, { ...who, method: "POST" });

test("parts that break off are sent again", async () => {
  const cut = new Set([2, 3]);
  faulty.fault = ({ part = 0 }) => (cut.delete(part) ? "cut" : undefined);
  const { id } = await request("/customers", who, body);
  const made = await until(who, id, "succeeded");
  expect(cut.size).toBe(0);
  expect(await lines(made)).toBe(CUSTOMERS);
  expect(await stored(keyOf(id))).toEqual({ objects: [keyOf(id)], uploads: 0 });
  const [job] = await owner()`
    select attempts from graphile_worker._private_jobs where key = ${`export:${id}`}`;
  expect(job).toBeUndefined();
});

test("a store that is away midway makes it wait, says so, and leaves nothing behind", async () => {
  faulty.fault = ({ part = 0 }) => (part >= 3 ? 503 : undefined);
  const { id } = await request("/customers", who, body);
  expect((await waiting(id)).error).toBe("The file store cannot be reached just now.");
  expect(await stored(keyOf(id))).toEqual({ objects: [], uploads: 0 });
  faulty.fault = () => undefined;
  await hurry(id);
  const made = await until(who, id, "succeeded");
  expect(made.error).toBeNull();
  expect(await lines(made)).toBe(CUSTOMERS);
  expect(await stored(keyOf(id))).toEqual({ objects: [keyOf(id)], uploads: 0 });
});

test("one that waits to be tried again is cancelled at once", async () => {
  faulty.fault = ({ part }) => (part === undefined ? undefined : 503);
  const { id } = await request("/customers", who, body);
  await waiting(id);
  expect(await cancel(id)).toMatchObject({ status: 200, body: { status: "cancelled" } });
  await hurry(id);
  await expect
    .poll(() => owner()`select from graphile_worker._private_jobs where key = ${`export:${id}`}`, {
      timeout: 60_000,
    })
    .toHaveLength(0);
  expect((await read(who, id)).status).toBe("cancelled");
});

test("a store that stays full fails it in plain words; when there is room, it can be tried again", async () => {
  faulty.fault = ({ part = 0 }) => (part >= 3 ? 507 : undefined);
  const { id } = await request("/customers", who, body);
  const failed = await vi.waitFor(
    async () => {
      await hurry(id);
      const found = await read(who, id);
      expect(found.status).toBe("failed");
      return found;
    },
    { timeout: 120_000, interval: 200 },
  );
  expect(failed.error).toBe("The file store is full.");
  expect(await stored(keyOf(id))).toEqual({ objects: [], uploads: 0 });
  faulty.fault = () => undefined;
  await ask(`/exports/${id}/retry`, { ...who, method: "POST" });
  expect(await lines(await until(who, id, "succeeded"))).toBe(CUSTOMERS);
});

test("one whose store is silent is cancelled all the same, and its upload is taken back", async () => {
  const { promise: later, resolve: speak } = Promise.withResolvers<void>();
  const { promise: asked, resolve: heard } = Promise.withResolvers<void>();
  faulty.fault = ({ part = 0, method }) => {
    if (part < 2 && method !== "DELETE") return undefined;
    heard();
    return later;
  };
  const { id } = await request("/customers", who, body);
  await asked;
  await cancel(id);
  await until(who, id, "cancelled");
  speak();
  await expect
    .poll(() => stored(keyOf(id)), { timeout: 60_000 })
    .toEqual({ objects: [], uploads: 0 });
});

test("a store that is silent for too long counts as away", async () => {
  faulty.fault = () => new Promise(() => {});
  const { s3 } = stack();
  const settings = {
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.access_key_id,
    S3_SECRET_ACCESS_KEY: s3.secret_access_key,
  };
  const { signal } = new AbortController();
  const silent = openObjectStore(settings, 100);
  const upload = new Upload({ store: silent, key: "a", contentType: "text/csv", signal });
  await upload.write(Buffer.from("a"));
  await expect(upload.finish()).rejects.toBeInstanceOf(StoreError);
});

test("whoever waits longer than half a minute is told by one mail, with a link", async () => {
  const { promise: later, resolve: speak } = Promise.withResolvers<void>();
  const { promise: asked, resolve: heard } = Promise.withResolvers<void>();
  faulty.fault = ({ part }) => {
    if (part !== 2) return undefined;
    heard();
    return later;
  };
  const { id } = await request("/customers", who, body);
  await asked;
  // Rather than that the test waits: it was asked for that long ago.
  await owner()`
    update public.exports set created_at = created_at - interval '31 seconds' where id = ${id}`;
  speak();
  await until(who, id, "succeeded");
  const sent = () => owner()<{ id: string; status: string }[]>`
    select id, status from public.emails where params ->> 'export_id' = ${id}`;
  await expect
    .poll(sent, { timeout: 60_000 })
    .toEqual([expect.objectContaining({ status: "sent" })]);
  const { mail_url, portal_url } = stack();
  const found = await fetch(
    `${mail_url}/api/messages?to=${encodeURIComponent(tenant.owner.email)}`,
  );
  const { messages } = (await found.json()) as { messages: { id: string }[] };
  const mail = await (await fetch(`${mail_url}/api/messages/${messages.at(0)?.id}`)).text();
  expect(mail).toContain(`${portal_url}/${tenant.slug}/exports`);
});

test("a printer that is away makes a PDF wait; one that hangs does not keep it from being cancelled", async () => {
  const pdf = { format: "pdf", columns: ["name"], filters: { q: "Customer 17" } };
  print = (question, answer) => {
    question.resume();
    answer.writeHead(503, { connection: "close" }).end("busy");
  };
  const away = await request("/customers", who, pdf);
  expect((await waiting(away.id)).error).toBe(
    "The printer of documents cannot be reached just now.",
  );
  await cancel(away.id);

  const { promise: asked, resolve: heard } = Promise.withResolvers<void>();
  print = (question) => {
    question.resume();
    heard();
  };
  const hanging = await request("/customers", who, pdf);
  await asked;
  await cancel(hanging.id);
  await until(who, hanging.id, "cancelled");

  print = (question, answer) => {
    question.resume();
    answer.writeHead(400, { connection: "close" }).end("no");
  };
  const refused = await request("/customers", who, pdf);
  expect((await until(who, refused.id, "failed")).error).toBe("The document cannot be printed.");
});
