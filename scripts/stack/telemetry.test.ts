/** Traces, metrics, logs and reported errors, through a stack of its own that has somewhere to send them. */
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { health } from "../../functions/_shared/contracts/health.ts";
import { spawnWorker } from "../../tasks/testing/spawn_worker.ts";
import { newWebhook } from "../../tasks/testing/webhooks.ts";
import { freshEnv, type SpawnedStack, spawnStack } from "./spawn_stack.ts";
import { apiUrl, newTenant, owner, portalUrl, signIn, stack, useStack } from "./testing.ts";
import { type Receiver, receiveTelemetry, type SeenSpan } from "./testing_telemetry.ts";

const SOON = { timeout: 60_000, interval: 250 };
/** What somebody sent, and what must not be found where it is none of anybody's business. */
const PLANTED = {
  mail: "ada.lovelace@example.test",
  address: "203.0.113.77",
  word: `planted-${randomUUID()}`,
};

let receiver: Receiver;
let own: SpawnedStack;

beforeAll(async () => {
  receiver = await receiveTelemetry();
  own = spawnStack({
    ...(await freshEnv()),
    WEBHOOK_ALLOW_PRIVATE: "1",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "x-collector-token=of-the-test",
    SENTRY_DSN: receiver.dsn,
    SENTRY_ENVIRONMENT: "test",
  });
  await own.ready();
  await useStack(own.stackFile);
}, 180_000);
afterAll(async () => {
  await own?.stop();
  await receiver?.close();
  if (own) rmSync(path.dirname(own.dataDir), { recursive: true, force: true });
});

type Call = { token: string; headers?: Record<string, string>; body?: unknown };

/** Through the portal, as a browser does. */
async function portal(path: string, { token, headers = {}, body }: Call): Promise<unknown> {
  const response = await fetch(`${portalUrl()}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return await response.json();
}

const logOf = (part: string) =>
  readFileSync(path.join(own.dataDir, "logs", `${part}.log`), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): Record<string, unknown> => JSON.parse(line));

const lines = (part: string, requestId: string) =>
  logOf(part).filter(({ request_id }) => request_id === requestId);

const made = z.object({ export: z.object({ id: z.string() }) });
const state = z.object({ status: z.string() });

/** Asks for an export and waits until it is there. */
async function exportOrders(headers: Record<string, string>): Promise<void> {
  const token = await signIn("owner@acme.test");
  const answer = await portal("/api/orders/export", {
    token,
    headers,
    body: { format: "csv", filters: { q: PLANTED.word } },
  });
  const { id } = made.parse(answer).export;
  await vi.waitFor(async () => {
    const { status } = state.parse(await portal(`/api/exports/${id}`, { token }));
    expect(status).toBe("succeeded");
  }, SOON);
}

describe("one export", () => {
  const traceId = randomBytes(16).toString("hex");
  const callerSpan = randomBytes(8).toString("hex");
  const requestId = `test-${randomUUID()}`;
  const of = (service: string, name: RegExp): SeenSpan => {
    const found = receiver.spans.find(
      (span) => span.traceId === traceId && span.service === service && name.test(span.name),
    );
    if (!found) throw new Error(`no span ${name} of ${service}`);
    return found;
  };

  beforeAll(async () => {
    await exportOrders({
      traceparent: `00-${traceId}-${callerSpan}-00`,
      tracestate: `vendor=${PLANTED.word}`,
      baggage: `mail=${PLANTED.mail}`,
      "x-request-id": requestId,
    });
    await vi.waitFor(() => of("kontor-worker", /^task export_records$/), SOON);
    // What a task's own statements belong to is sent with it or a moment later.
    await vi.waitFor(() => of("kontor-site", /./), SOON);
    await vi.waitFor(() => of("kontor-functions", /./), SOON);
  }, 120_000);

  test("is one trace: portal, function, statement, task, and what the task asked", () => {
    const site = of("kontor-site", /^POST \/api\/orders\/export$/);
    const server = of("kontor-functions", /^POST \/orders\/export$/);
    const statement = of("kontor-functions", /^sql$/);
    const task = of("kontor-worker", /^task export_records$/);
    // Although the caller said that it keeps none of it.
    expect(site.parentSpanId).toBe(callerSpan);
    expect(server.parentSpanId).toBe(site.spanId);
    expect(statement.parentSpanId).toBe(server.spanId);
    expect(statement.attributes["db.query.text"]).toMatch(/request_export\(\$1/);
    expect(task.parentSpanId).toBe(statement.spanId);
    const inside = receiver.spans.filter(({ parentSpanId }) => parentSpanId === task.spanId);
    const names = inside.map(({ name }) => name);
    expect(names).toContain("sql");
    expect(names.some((name) => /^s3 (PutObject|CreateMultipartUpload)$/.test(name))).toBe(true);
    for (const span of [site, server, task]) {
      expect(span.attributes["kontor.request_id"]).toBe(requestId);
    }
  });

  test("tells the collector nothing of anybody", () => {
    const all = JSON.stringify(receiver.spans);
    for (const value of Object.values(PLANTED)) expect(all).not.toContain(value);
    expect(all).not.toMatch(/eyJ|acme\.test/);
    expect(receiver.headers[0]?.["x-collector-token"]).toBe("of-the-test");
  });

  test("is found by one request id in the logs of every part, with its trace", () => {
    for (const part of ["portal", "functions", "worker"]) {
      const found = lines(part, requestId);
      expect([part, found.length > 0]).toEqual([part, true]);
      for (const line of found) expect(line).toMatchObject({ trace_id: traceId });
    }
    expect(lines("worker", requestId)).toContainEqual(
      expect.objectContaining({ task: "export_records", msg: "done", part: "worker" }),
    );
  });
});

test("a page and what it asks of the functions are one trace", async () => {
  const traceId = randomBytes(16).toString("hex");
  const token = await signIn("owner@acme.test");
  const page = await fetch(`${portalUrl()}/acme/orders?q=${PLANTED.word}`, {
    headers: {
      cookie: `kontor-session=1.${token}.refresh`,
      traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01`,
    },
  });
  expect(page.status).toBe(200);
  await vi.waitFor(() => {
    const ours = receiver.spans.filter((span) => span.traceId === traceId);
    const site = ours.find(({ name }) => name === "GET /[tenant]/orders");
    expect(ours).toContainEqual(
      expect.objectContaining({
        service: "kontor-functions",
        name: "GET /orders",
        parentSpanId: site?.spanId ?? "missing",
      }),
    );
  }, SOON);
  expect(JSON.stringify(receiver.spans)).not.toContain(PLANTED.word);
});

test("a page's span has its pattern for a name, not the address", async () => {
  const traceId = randomBytes(16).toString("hex");
  await fetch(`${portalUrl()}/invitations/${PLANTED.word}?mail=${PLANTED.mail}`, {
    redirect: "manual",
    headers: { traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01` },
  });
  const ours = () => receiver.spans.filter((span) => span.traceId === traceId);
  await vi.waitFor(() => {
    expect(ours()).toContainEqual(
      expect.objectContaining({ service: "kontor-site", name: "GET /invitations/[token]" }),
    );
  }, SOON);
  expect(JSON.stringify(receiver.spans)).not.toContain(PLANTED.word);
});

test("an order's request id is in the logs of portal and functions, and of the job it caused", async () => {
  const { tenant, receiver: hook } = await newWebhook(["order.created"]);
  const requestId = `test-${randomUUID()}`;
  await portal("/api/orders", {
    token: tenant.token,
    headers: { "x-tenant-id": tenant.id, "x-request-id": requestId },
    body: { items: [{ name: "One", quantity: 1, unit_price: 1 }] },
  });
  await vi.waitFor(() => {
    expect(lines("portal", requestId)).toContainEqual(
      expect.objectContaining({ part: "site", msg: "answered", route: "/api/*", status: 201 }),
    );
    expect(lines("functions", requestId)).toContainEqual(
      expect.objectContaining({ msg: "answered", route: "/orders", status: 201 }),
    );
    expect(lines("worker", requestId)).toContainEqual(
      expect.objectContaining({ task: "fan_out_events", msg: "done" }),
    );
  }, SOON);
  await hook.close();
});

describe("metrics", () => {
  const read = async (url: string) => await (await fetch(url)).text();

  test("of each part count requests by the route's template, never by the address", async () => {
    const { metrics } = stack();
    await portal("/api/orders", { token: await signIn("owner@acme.test") });
    await fetch(`${portalUrl()}/signin?next=${PLANTED.word}`);
    await fetch(`${portalUrl()}/api/${PLANTED.word}`);
    const functions = await read(metrics.functions);
    const count = "kontor_http_request_duration_seconds_count";
    expect(functions).toMatch(
      new RegExp(`^${count}\\{route="/orders",method="GET",status="2xx"\\} \\d+$`, "m"),
    );
    expect(functions).toMatch(/^kontor_http_requests_in_flight \d+$/m);
    expect(functions).toMatch(/^kontor_db_pool_connections\{state="idle"\} \d+$/m);
    expect(functions).toMatch(/^kontor_db_pool_waiting 0$/m);
    expect(functions).toMatch(/^kontor_db_pool_size 10$/m);
    const site = await read(metrics.site);
    expect(site).toMatch(
      new RegExp(`^${count}\\{route="/signin",method="GET",status="2xx"\\} \\d+$`, "m"),
    );
    expect(site).toMatch(
      new RegExp(`^${count}\\{route="/api/\\*",method="GET",status="4xx"\\}`, "m"),
    );
    const worker = await read(metrics.worker);
    expect(worker).toMatch(/^kontor_backup_configured 0$/m);
    expect(worker).not.toMatch(/^kontor_backup_proven /m);
    expect(worker).toMatch(/^kontor_db_connections\{login="kontor_functions"\} \d+$/m);
    for (const text of [functions, site, worker]) {
      expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
      expect(text).toMatch(/^kontor_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
      expect(text).not.toContain(PLANTED.word);
    }
  });

  test.each([
    "/metrics",
    "/api/metrics",
    "/api/../metrics",
    "/functions/v1/metrics",
    "/functions/v1/%2e%2e/metrics",
    "/functions/v1//metrics",
  ])("are not at %s of the portal or the gateway", async (path) => {
    for (const origin of [portalUrl(), apiUrl()]) {
      const answer = await fetch(origin + path, { redirect: "manual" });
      expect([origin, answer.status >= 300]).toEqual([origin, true]);
      expect(await answer.text()).not.toContain("kontor_http_request");
    }
  });
});

test("PostgREST is well while requests that wait hold all its connections", async () => {
  const tenant = await newTenant();
  const [customer] = await owner()<{ id: string }[]>`
    insert into public.customers (tenant_id, name) values (${tenant.id}, 'Locked') returning id`;
  const rested = async () =>
    health.parse(await (await fetch(`${portalUrl()}/api/healthz`)).json()).checks.rest.status;
  await vi.waitFor(async () => expect(await rested()).toBe("ok"), SOON);
  const change = () =>
    fetch(`${apiUrl()}/rest/v1/customers?id=eq.${customer?.id}`, {
      method: "PATCH",
      headers: {
        apikey: stack().anon_key,
        authorization: `Bearer ${tenant.token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name: "Changed" }),
    });
  // Not in the transaction that holds the lock: it would see the first moment again and again.
  const held = async () => {
    const [row] = await owner()<{ held: number }[]>`
      select count(*)::int as held from pg_stat_activity
      where usename = 'authenticator' and wait_event_type = 'Lock'`;
    return row?.held;
  };
  await owner().begin(async (sql) => {
    await sql`select from public.customers where id = ${customer?.id ?? ""} for update`;
    const waiting = Array.from({ length: 30 }, change);
    await vi.waitFor(async () => {
      expect(await held()).toBe(10);
      expect(await rested()).toBe("ok");
      expect(await held()).toBe(10);
    }, SOON);
    void Promise.allSettled(waiting);
  });
});

describe("an error that nobody expected", () => {
  const reported = (about: RegExp) =>
    vi.waitFor(() => {
      const found = receiver.envelopes.find((text) => about.test(text));
      if (!found) throw new Error(`nothing about ${about} was reported`);
      return found;
    }, SOON);

  test("in the functions is reported with its request id, and with nothing of the caller", async () => {
    const tenant = await newTenant();
    await owner().unsafe(`
      create function public.test_fault() returns trigger language plpgsql as $$
      begin
        raise exception using errcode = 'XX001', message = format(
          'row of %s from %s: Key (email)=(%s) "%s" https://x.test/p?q=%s',
          new.email, '${PLANTED.address}', new.email, new.name, new.name);
      end $$;
      create trigger a_test_fault before insert on public.customers
        for each row execute function public.test_fault();`);
    const requestId = `test-${randomUUID()}`;
    const answer = await fetch(`${portalUrl()}/api/customers`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tenant.token}`,
        "content-type": "application/json",
        "x-request-id": requestId,
        cookie: `theirs=${PLANTED.word}`,
        "user-agent": PLANTED.word,
      },
      body: JSON.stringify({ kind: "person", name: PLANTED.word, email: PLANTED.mail }),
    });
    expect(answer.status).toBe(500);
    await owner().unsafe("drop function public.test_fault cascade");
    const envelope = await reported(new RegExp(requestId));
    for (const value of Object.values(PLANTED)) expect(envelope).not.toContain(value);
    expect(envelope).not.toContain(tenant.token);
    expect(envelope).toMatch(/"part":"functions"/);
    expect(envelope).toMatch(/"route":"\/customers"/);
    expect(envelope).toMatch(/row of \[address\] from \[ip\]/);
    expect(envelope).toMatch(/"environment":"test"/);
  });

  test("in the worker is reported when its job is given up, with the task", async () => {
    await owner()`select graphile_worker.add_job('prune_expired', '"everything"'::json)`;
    const envelope = await reported(/"part":"worker"/);
    expect(envelope).toMatch(/"task":"prune_expired"/);
    expect(envelope).toMatch(/"job_id":"\d+"/);
  });

  test("ends a process only once it was reported", async () => {
    const { child } = await spawnWorker({
      program: "tasks/testing/crash_main.ts",
      databaseUrl: stack().database_url,
      env: { SENTRY_DSN: receiver.dsn },
    });
    expect(await once(child, "exit")).toEqual([1, null]);
    expect(receiver.envelopes.some((text) => text.includes("Nobody catches this."))).toBe(true);
  });

  test("of a page is reported with the pattern of its route", async () => {
    const token = await signIn("owner@acme.test");
    const requestId = `test-${randomUUID()}`;
    await vi.waitFor(async () => {
      // They are started anew at once: a page must come just then.
      const { pid } = z
        .object({ pid: z.number() })
        .parse(JSON.parse(readFileSync(path.join(own.dataDir, "run", "functions.pid"), "utf8")));
      process.kill(pid, "SIGKILL");
      const page = await fetch(`${portalUrl()}/acme/orders?q=${PLANTED.word}`, {
        headers: { cookie: `kontor-session=1.${token}.refresh`, "x-request-id": requestId },
        redirect: "manual",
      });
      expect(page.status).toBe(503);
    }, SOON);
    const envelope = await reported(new RegExp(requestId));
    expect(envelope).toMatch(/"part":"site"/);
    expect(envelope).toMatch(/"route":"\/\[tenant\]\/orders"/);
    for (const value of [...Object.values(PLANTED), token]) expect(envelope).not.toContain(value);
    expect(lines("portal", requestId)).toContainEqual(
      expect.objectContaining({ msg: "page failed", level: "error" }),
    );
  });
});
