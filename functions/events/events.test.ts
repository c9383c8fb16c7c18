import { dirname } from "node:path";
import { SignJWT } from "jose";
import postgres from "postgres";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { readEnv } from "../../scripts/env.ts";
import { loadSecrets } from "../../scripts/stack/secrets.ts";
import {
  api,
  newTenant,
  owner as database,
  portalUrl,
  stack,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import type { LiveEvent } from "../_shared/contracts/events.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import { ask, expectProblem, placeOrder } from "../_shared/testing.ts";
import { spawnFunctions } from "../_shared/spawn_functions.ts";
import { upload } from "../uploads/testing.ts";
import { listen, type Listening } from "./testing.ts";

const open: Listening[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.leave();
});
async function hear(...asked: Parameters<typeof listen>): Promise<Listening> {
  const listening = await listen(...asked);
  open.push(listening);
  return listening;
}

const isOf = (kind: LiveEvent["kind"], id?: string) => (event: LiveEvent) =>
  event.kind === kind && (id === undefined || ("id" in event && event.id === id));
const kinds = (events: readonly LiveEvent[]) => [...new Set(events.map(({ kind }) => kind))];

/** Something that everybody in the tenant is told: what comes before it was told before it. */
async function ship(tenant: TestTenant, order: Order): Promise<void> {
  const body = { status: order.status === "pending" ? "processing" : "shipped" };
  const changed = await ask<Order>(`/orders/${order.id}`, { ...tenant, method: "PATCH", body });
  expect(changed).toMatchObject({ status: 200 });
}

const enqueue = (tenant: TestTenant) =>
  database()`select private.enqueue(${tenant.id}, 'test_never', '{}')`;

describe("what is told", () => {
  test.each([
    ["the gateway", () => undefined],
    ["the portal", () => `${portalUrl()}/api`],
  ])("an export gets on and ends, through %s", async (_, base) => {
    const tenant = await newTenant();
    await placeOrder(tenant);
    const page = await hear(tenant, base());
    expect(page).toMatchObject({ status: 200 });
    expect(page.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const made = await ask<{ export: { id: string } }>("/orders/export", {
      ...tenant,
      body: { format: "csv" },
    });
    const { id } = made.body.export;
    const ended = await page.next((event) =>
      isOf("export", id)(event) && "status" in event && event.status === "succeeded"
    );
    expect(ended).toEqual({
      kind: "export",
      id,
      status: "succeeded",
      progress: { done: 1, total: 1 },
    });
    // Its job is done and gone, says the worker.
    await page.next(isOf("jobs"));
  });

  test("an order's status, trash and files", async () => {
    const tenant = await newTenant();
    const order = await placeOrder(tenant);
    const viewer = await hear({ token: (await tenant.join("viewer")).token });
    await upload(tenant, order.id);
    expect(await viewer.next(isOf("files"))).toEqual({
      kind: "files",
      entity_type: "order",
      entity_id: order.id,
    });
    await ship(tenant, order);
    await viewer.next(isOf("order", order.id));
    await ask(`/orders/${order.id}`, { ...tenant, method: "DELETE" });
    await viewer.next(isOf("order", order.id));
  });

  test("a job that waits, is run again, is cancelled", async () => {
    const tenant = await newTenant();
    const admin = await hear({ token: (await tenant.join("admin")).token });
    const [job] = await enqueue(tenant);
    await admin.next(isOf("jobs"));
    for (const verb of ["retry", "cancel"]) {
      await ask(`/jobs/${job?.["enqueue"]}/${verb}`, { ...tenant, method: "POST" });
      await admin.next(isOf("jobs"));
    }
  });
});

describe("who is told", () => {
  test("viewers hear of no job and no export, members of no job, other tenants of nothing", async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const [order, foreign] = [await placeOrder(tenant), await placeOrder(other)];
    const [viewer, member, admin, stranger] = [
      await hear({ token: (await tenant.join("viewer")).token }),
      await hear({ token: (await tenant.join("member")).token }),
      await hear(tenant),
      await hear(other),
    ];
    await enqueue(tenant);
    await database()`
      insert into public.exports (tenant_id, entity, format, file_name, requested_by, status)
      values (${tenant.id}, 'orders', 'csv', 'x.csv', ${tenant.owner.id}, 'failed')`;
    await admin.next(isOf("jobs"));
    await ship(tenant, order);
    const barrier = isOf("order", order.id);
    const heard = async (page: Listening) => {
      const seen: LiveEvent[] = [];
      for (;;) {
        const event = await page.next(() => true);
        seen.push(event);
        if (barrier(event)) return kinds(seen);
      }
    };
    expect(await heard(viewer)).toEqual(["order"]);
    expect(await heard(member)).toEqual(["export", "order"]);
    expect(await heard(admin)).toEqual(expect.arrayContaining(["export", "order"]));
    await ship(other, foreign);
    expect(await stranger.next(() => true)).toEqual({ kind: "order", id: foreign.id });
  });

  test("nobody without a role in the tenant, and nobody without a token", async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    expectProblem(
      await api("/events", { token: other.token, tenant: tenant.id }),
      403,
      "forbidden",
    );
    expectProblem(await api("/events"), 401, "unauthenticated");
    expectProblem(await api(`/events?token=${tenant.token}`), 401, "unauthenticated");
    expectProblem(await api("/events?tenant=x", tenant), 400, "invalid_query");
  });

  test("a removed member's stream ends, and a lesser role hears less", async () => {
    const tenant = await newTenant();
    const order = await placeOrder(tenant);
    const [leaver, demoted] = [await tenant.join("member"), await tenant.join("admin")];
    const [gone, less, own] = [await hear(leaver), await hear(demoted), await hear(tenant)];
    await ask(`/members/${demoted.id}`, { ...tenant, method: "PATCH", body: { role: "viewer" } });
    const removed = await ask(`/members/${leaver.id}`, { ...tenant, method: "DELETE" });
    expect(removed.status).toBe(204);
    await gone.ended;
    // Looked at after it was told, so a moment later: until then it is as if it had happened before.
    await vi.waitFor(async () => {
      less.take();
      await enqueue(tenant);
      await own.next(isOf("jobs"));
      await ask(`/orders/${order.id}`, { ...tenant, method: "DELETE" });
      await ask(`/orders/${order.id}/restore`, { ...tenant, method: "POST" });
      await less.next(isOf("order"));
      expect(kinds(less.take())).not.toContain("jobs");
    }, { timeout: 20_000 });
  });

  test("an API key hears of what its scopes name, and nothing more once it is revoked", async () => {
    const tenant = await newTenant();
    const order = await placeOrder(tenant);
    const body = { label: "Dashboard", role: "admin", scopes: ["orders:read"] };
    const made = await ask<{ id: string; key: string }>("/api-keys", { ...tenant, body });
    const [scoped, own] = [await hear({ token: made.body.key }), await hear(tenant)];
    expect(scoped.status).toBe(200);
    await enqueue(tenant);
    await upload(tenant, order.id);
    await own.next(isOf("jobs"));
    await own.next(isOf("files"));
    await ship(tenant, order);
    expect(await scoped.next(() => true)).toEqual({ kind: "order", id: order.id });
    await ask(`/api-keys/${made.body.id}`, { ...tenant, method: "DELETE" });
    await scoped.ended;
  });

  test("a tenant that is deleted, or a session that has run out, hears nothing more", async () => {
    const tenant = await newTenant();
    const page = await hear(tenant);
    await ask(`/tenants/${tenant.id}`, { ...tenant, method: "DELETE" });
    await page.ended;

    const still = await newTenant();
    const secret = "a secret of this test, and of nothing else";
    const own = await spawnFunctions({ JWT_SECRET: secret });
    try {
      const token = await new SignJWT({ role: "authenticated" })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(still.owner.id)
        .setExpirationTime("3 seconds")
        .sign(new TextEncoder().encode(secret));
      const short = await hear({ token }, own.url);
      expect(short.status).toBe(200);
      await short.ended;
      expectProblem(await api("/events", { token }), 401, "unauthenticated");
    } finally {
      await own.stop();
    }
  });

  test("one person has only so many streams", async () => {
    const tenant = await newTenant();
    const streams = await Promise.all(Array.from({ length: 30 }, () => hear(tenant)));
    expect(streams.map(({ status }) => status)).toEqual(Array(30).fill(200));
    const refused = await api("/events", tenant);
    expectProblem(refused, 429, "rate_limited");
    expect(refused.headers.get("retry-after")).toBe("30");
    streams[0]?.leave();
    await vi.waitFor(async () => {
      const next = await hear(tenant);
      expect(next.status).toBe(200);
    }, { timeout: 20_000 });
    expect((await api("/events", { token: (await newTenant()).token, method: "HEAD" })).status)
      .toBe(200);
  });
});

describe("the connection that listens", () => {
  /** Only the role itself may end its connections. */
  async function end(pids: number[]): Promise<void> {
    const { databasePasswords } = await loadSecrets(dirname(inject("stackFile")), readEnv({}));
    const url = new URL(stack().database_url);
    url.username = "kontor_functions";
    url.password = databasePasswords.kontor_functions;
    const sql = postgres(url.href, { max: 1 });
    await sql`select pg_terminate_backend(pid) from unnest(${pids}::int[]) as pid`;
    await sql.end();
  }
  const listeners = () =>
    database()<{ pid: number }[]>`
      select pid from pg_stat_activity where application_name = 'kontor_functions live'`;

  test("is made again when it is lost, and pages are told to look again", async () => {
    const tenant = await newTenant();
    const order = await placeOrder(tenant);
    const page = await hear(tenant);
    const before = (await listeners()).map(({ pid }) => pid);
    await end(before);
    await page.next(isOf("refresh"));
    await ship(tenant, order);
    await page.next(isOf("order", order.id));
    for (const { pid } of await listeners()) expect(before).not.toContain(pid);
  });

  test("is one, and its channel's name is known to the functions alone", async () => {
    const tenant = await newTenant();
    await Promise.all([hear(tenant), hear(tenant), hear(tenant)]);
    // One of the stack's process.
    expect(await listeners()).toHaveLength(1);
    const [row] = await database()`
      select array_agg(r.rolname order by r.rolname) as roles
      from pg_roles r
      where r.rolname in ('anon', 'authenticated', 'service_role', 'analyst', 'kontor_worker', 'kontor_functions')
        and (has_table_privilege(r.oid, 'private.live_channel', 'select')
          or has_function_privilege(r.oid, 'private.live_channel()', 'execute'))`;
    expect(row).toEqual({ roles: ["kontor_functions"] });
  });
});
