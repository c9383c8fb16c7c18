/** What HTTP asks of every address. */
import { beforeAll, expect, test } from "vitest";
import { api, apiUrl, newTenant, portalUrl, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "./contracts/orders.ts";
import { ask, expectProblem, placeOrder } from "./testing.ts";

let tenant: TestTenant;
let order: Order;
beforeAll(async () => {
  tenant = await newTenant();
  order = await placeOrder(tenant);
});

test.each([
  ["PUT", "/orders", "GET, HEAD, OPTIONS, POST"],
  ["DELETE", "/orders", "GET, HEAD, OPTIONS, POST"],
  ["POST", "/orders/:id", "DELETE, GET, HEAD, OPTIONS, PATCH"],
  ["GET", "/orders/bulk", "OPTIONS, POST"],
  ["PATCH", "/orders/:id/timeline", "GET, HEAD, OPTIONS"],
  ["GET", "/customers/:id/restore", "OPTIONS, POST"],
])("%s %s is 405 and says what is allowed", async (method, path, allow) => {
  const answer = await ask(path.replace(":id", order.id), { token: tenant.token, method });
  expectProblem(answer, 405, "method_not_allowed");
  expect(answer.headers.get("allow")).toBe(allow);
});

test("HEAD is GET without the body", async () => {
  for (const path of ["/orders?limit=1", `/orders/${order.id}`]) {
    const got = await ask(path, tenant);
    const head = await ask(path, { ...tenant, method: "HEAD" });
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(head.headers.get("etag")).toBe(got.headers.get("etag"));
  }
  const missing = await ask("/orders/7", { ...tenant, method: "HEAD" });
  expect(missing).toMatchObject({ status: 404, body: "" });
});

test("OPTIONS says what is allowed, without a token", async () => {
  const answer = await api("/orders", { method: "OPTIONS" });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
});

test("a single resource has its version as a strong tag", async () => {
  const got = await ask(`/orders/${order.id}`, tenant);
  expect(got.headers.get("etag")).toBe('"1"');
  const again = (tag: string) =>
    ask(`/orders/${order.id}`, { ...tenant, headers: { "if-none-match": tag } });
  expect(await again('"1"')).toMatchObject({ status: 304, body: "" });
  expect((await again('"7", W/"1"')).status).toBe(304);
  expect((await again("*")).status).toBe(304);
  expect((await again('"2"')).status).toBe(200);
  expect((await again("1")).status).toBe(200);
});

test("every answer has a request id, and a sane one is kept", async () => {
  const withId = (id: string) => api("/orders", { headers: { "x-request-id": id } });
  expect((await withId("job-7.42_a")).headers.get("x-request-id")).toBe("job-7.42_a");
  for (const bad of ["a b", "<x>", "x".repeat(300), "'"]) {
    const kept = (await withId(bad)).headers.get("x-request-id");
    expect(kept).toMatch(/^[0-9a-f-]{36}$/);
  }
  expect((await ask("/orders", tenant)).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect((await api("/nothing")).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("answers are private and never sniffed", async () => {
  const { headers } = await ask(`/orders/${order.id}`, tenant);
  expect(headers.get("cache-control")).toBe("private, no-cache");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("vary")).toMatch(/authorization/i);
});

test("Location leads back to the door that was used", async () => {
  const create = (url: string, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tenant.token}`,
        "content-type": "application/json",
        ...headers,
      },
      body: '{"items": []}',
    });
  for (const door of [`${portalUrl()}/api`, `${apiUrl()}/functions/v1`]) {
    const made = await create(`${door}/orders`);
    const url = new URL(made.headers.get("location") ?? "", door);
    expect([made.status, url.href.startsWith(door)]).toEqual([201, true]);
    const got = await fetch(url, { headers: { authorization: `Bearer ${tenant.token}` } });
    expect([got.status, await got.json()]).toEqual([200, await made.json()]);
  }
  const claimed = await create(`${apiUrl()}/functions/v1/orders`, {
    "x-forwarded-prefix": "//evil.example",
  });
  expect(claimed.headers.get("location")).toMatch(/^\/functions\/v1\/orders\//);
});

test("no answer repeats a token", async () => {
  const response = await fetch(`${apiUrl()}/functions/v1/orders?x=${tenant.token}`, {
    headers: { authorization: `Bearer ${tenant.token}x` },
  });
  expect(await response.text()).not.toContain(tenant.token.slice(0, 40));
});
