import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { api, newTenant, owner, rest, type TestTenant } from "../../scripts/stack/testing.ts";

vi.setConfig({ testTimeout: 60_000 });

let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
  other = await newTenant();
});

const call = (path: string, method = "GET", body?: unknown, headers?: Record<string, string>) =>
  api(path, {
    token: tenant.token,
    tenant: tenant.id,
    method,
    ...(body === undefined ? {} : { body }),
    ...(headers ? { headers } : {}),
  });

type Made = { id: string; secret: string; [field: string]: unknown };
const url = "https://example.com/hooks";
const add = async (more: Record<string, unknown> = {}) =>
  (await call("/api/webhooks", "POST", { url, events: ["order.created"], ...more })).body as Made;

describe("an endpoint", () => {
  test("is made with its secret, which is in no other answer", async () => {
    const { status, body, headers } = await call("/api/webhooks", "POST", {
      url,
      events: ["order.created", "order.deleted"],
      description: "Ours",
    });
    const { secret, ...shown } = body as Made;
    expect(status).toBe(201);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(shown).toEqual({
      id: expect.any(String),
      url,
      events: ["order.created", "order.deleted"],
      description: "Ours",
      active: true,
      disabled_reason: null,
      created_at: expect.any(String),
      last_success_at: null,
      last_failure_at: null,
      failing_since: null,
      secret_rotated_at: null,
      version: 1,
    });
    expect(headers.get("location")).toMatch(`/webhooks/${shown.id}`);
    expect((await call(`/api/webhooks/${shown.id}`)).body).toEqual(shown);
    expect((await call("/api/webhooks")).body).toMatchObject({ data: [shown] });
    const everywhere = await owner()`
      select w::text as text from public.webhooks w where tenant_id = ${tenant.id}
      union all select s::text from private.webhook_secrets s where tenant_id = ${tenant.id}
      union all select e::text from audit.entries e where tenant_id = ${tenant.id}
      union all select k::text from private.idempotency_keys k where tenant_id = ${tenant.id}`;
    expect(everywhere.length).toBeGreaterThan(2);
    expect(JSON.stringify(everywhere)).not.toContain(secret.slice(6));
  });

  test("is changed, paused, and deleted, by who knows its version", async () => {
    const { id } = await add();
    const changed = await call(`/api/webhooks/${id}`, "PATCH", {
      events: ["customer.created"],
      active: false,
    }, { "if-match": '"1"' });
    expect([changed.status, changed.body]).toMatchObject([
      200,
      { events: ["customer.created"], active: false, url, version: 2 },
    ]);
    const late = await call(`/api/webhooks/${id}`, "PATCH", { url }, { "if-match": '"1"' });
    expect(late.status).toBe(412);
    expect((await call(`/api/webhooks/${id}`, "DELETE", undefined, { "if-match": '"1"' })).status)
      .toBe(412);
    expect((await call(`/api/webhooks/${id}`, "DELETE")).status).toBe(204);
    expect((await call(`/api/webhooks/${id}`)).status).toBe(404);
  });

  test("gets another secret, and the same answer under the same key", async () => {
    const { id, secret } = await add();
    const headers = { "idempotency-key": randomUUID() };
    const first = await call(`/api/webhooks/${id}/rotate`, "POST", undefined, headers);
    const again = await call(`/api/webhooks/${id}/rotate`, "POST", undefined, headers);
    const rotated = first.body as Made;
    expect(first.status).toBe(200);
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.secret_rotated_at).toEqual(expect.any(String));
    expect(again.body).toEqual(rotated);
  });

  test.each([
    [{ url: "ftp://example.com/" }, "url"],
    [{ url: "https://user:pass@example.com/" }, "url"],
    [{ url: "https://example.com/\n" }, "url"],
    [{ url: "not an address" }, "url"],
    [{ url: `https://example.com/${"x".repeat(2000)}` }, "url"],
    [{ events: [] }, "events"],
    [{ events: ["order.exploded"] }, "events.0"],
    [{ events: ["webhook.test"] }, "events.0"],
    [{ events: ["order.created", "order.created"] }, "events"],
    [{ secret: "whsec_mine" }, "secret"],
  ])("is refused: %j", async (wrong, path) => {
    const { status, body } = await call("/api/webhooks", "POST", {
      url,
      events: ["order.created"],
      ...wrong,
    });
    expect([status, body]).toMatchObject([422, { errors: [{ path }] }]);
  });

  test("a tenant has fifty at most", async () => {
    const many = await newTenant();
    await owner()`
      insert into public.webhooks (tenant_id, url, events)
      select ${many.id}, ${url}, '{order.created}' from generate_series(1, 50)`;
    const { status } = await api("/api/webhooks", {
      token: many.token,
      tenant: many.id,
      body: { url, events: ["order.created"] },
    });
    expect(status).toBe(409);
    const page = await api("/api/webhooks?limit=30", { token: many.token, tenant: many.id });
    const { page: { next_cursor } } = page.body as { page: { next_cursor: string } };
    const next = await api(`/api/webhooks?limit=30&cursor=${next_cursor}`, {
      token: many.token,
      tenant: many.id,
    });
    expect(next.body).toMatchObject({ data: { length: 20 }, page: { next_cursor: null } });
  });
});

describe("who may", () => {
  const attempts = (id: string, delivery: string): [string, string, unknown?][] => [
    ["GET", "/api/webhooks"],
    ["POST", "/api/webhooks", { url, events: ["order.created"] }],
    ["GET", `/api/webhooks/${id}`],
    ["PATCH", `/api/webhooks/${id}`, { active: false }],
    ["DELETE", `/api/webhooks/${id}`],
    ["POST", `/api/webhooks/${id}/rotate`],
    ["POST", `/api/webhooks/${id}/test`],
    ["GET", `/api/webhooks/${id}/deliveries`],
    ["POST", `/api/webhooks/${id}/replay`, { since: "2026-01-01T00:00:00Z" }],
    ["GET", `/api/webhooks/deliveries/${delivery}`],
    ["POST", `/api/webhooks/deliveries/${delivery}/replay`],
  ];

  async function target() {
    const { id } = await add();
    const tested = await call(`/api/webhooks/${id}/test`, "POST");
    return { id, delivery: (tested.body as Made).id };
  }

  test.each(["viewer", "member"] as const)("a %s nothing", async (role) => {
    const { id, delivery } = await target();
    const person = await tenant.join(role);
    for (const [method, path, body] of attempts(id, delivery)) {
      const { status } = await api(path, { token: person.token, tenant: tenant.id, method, body });
      expect([method, path, status]).toEqual([method, path, 403]);
    }
    for (const table of ["webhooks", "webhook_deliveries", "webhook_attempts"]) {
      const { body } = await rest(table, { token: person.token, tenant: tenant.id });
      expect([table, body]).toEqual([table, []]);
    }
  });

  test("another tenant's owner finds nothing", async () => {
    const { id, delivery } = await target();
    for (const [method, path, body] of attempts(id, delivery).slice(2)) {
      const { status } = await api(path, { token: other.token, tenant: other.id, method, body });
      expect([method, path, status]).toEqual([method, path, 404]);
    }
    const { body } = await rest(`webhooks?id=eq.${id}`, { token: other.token, tenant: other.id });
    expect(body).toEqual([]);
    expect((await call(`/api/webhooks/${id}`)).status).toBe(200);
  });

  test("an admin everything, and through PostgREST reading alone", async () => {
    const admin = await tenant.join("admin");
    const { id, delivery } = await target();
    for (
      const [method, path, body] of attempts(id, delivery).filter(([verb]) => verb !== "DELETE")
    ) {
      const asked = path.endsWith("/test") || path.endsWith("/replay") ? 202 : undefined;
      if (method === "PATCH") continue;
      const { status } = await api(path, { token: admin.token, tenant: tenant.id, method, body });
      expect([path, status]).toEqual([
        path,
        asked ?? (path === "/api/webhooks" && body ? 201 : 200),
      ]);
    }
    const as = { token: admin.token, tenant: tenant.id };
    expect((await rest(`webhooks?id=eq.${id}`, as)).body).toMatchObject([{ id }]);
    const write = await rest(`webhooks?id=eq.${id}`, { ...as, method: "PATCH", body: { url } });
    expect(write.status).toBe(403);
    expect((await rest("rpc/create_webhook", { ...as, body: {} })).status).toBe(404);
  });

  test("malformed ids are not found, unknown parameters are refused", async () => {
    expect((await call("/api/webhooks/nonsense")).status).toBe(404);
    expect((await call("/api/webhooks/deliveries/nonsense")).status).toBe(404);
    const { id } = await add();
    expect((await call(`/api/webhooks/${id}/deliveries?status=lost`)).status).toBe(400);
    expect((await call(`/api/webhooks/${id}/replay`, "POST", { since: "yesterday" })).status).toBe(
      422,
    );
  });
});

test("how an endpoint fares is never answered from a cache", async () => {
  const { id } = await add();
  const { headers } = await call(`/api/webhooks/${id}`);
  await owner()`update public.webhooks set last_failure_at = now() where id = ${id}`;
  const again = await call(`/api/webhooks/${id}`, "GET", undefined, {
    "if-none-match": headers.get("etag") ?? "",
  });
  expect([again.status, again.body]).toMatchObject([200, { last_failure_at: expect.any(String) }]);
});
