import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import {
  addCustomer,
  addProduct,
  ask,
  expectProblem,
  get,
  item,
  type List,
  placeOrder,
} from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant({ currency: "EUR" });
});

const patch = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  ask<Order>(`/orders/${id}`, { token: tenant.token, method: "PATCH", body, headers });
const post = <T = Order>(path: string, body?: unknown) =>
  ask<T>(path, { token: tenant.token, method: "POST", ...(body === undefined ? {} : { body }) });
const remove = (id: string, headers: Record<string, string> = {}) =>
  ask(`/orders/${id}`, { token: tenant.token, method: "DELETE", headers });

describe("placing an order", () => {
  test("gives it a number, totals and everything of the contract's Order", async () => {
    const customer = await addCustomer(tenant, "Anna Schmidt");
    const product = await addProduct(tenant, "CHAIR-1");
    const answer = await ask<Order>("/orders", {
      token: tenant.token,
      body: {
        customer_id: customer.id,
        currency: "EUR",
        placed_at: "2026-01-31T09:00:00+02:00",
        notes: "Ring twice 🛎️ שלום <b>' or 1=1 --",
        shipping_total: 4.9,
        custom: { color: "red", nested: { deep: [1, null, "x"] } },
        items: [
          {
            product_id: product.id,
            sku: "CHAIR-1",
            name: "Chair",
            quantity: 3,
            unit_price: 19.995,
            discount_percent: 10,
            tax_rate: 19,
            attributes: { size: "L" },
          },
          { name: "Hours", quantity: 0.125, unit_price: 80 },
        ],
      },
    });
    expect(answer.status).toBe(201);
    const order = answer.body;
    expect(answer.headers.get("location")).toBe(`/functions/v1/orders/${order.id}`);
    expect(answer.headers.get("etag")).toBe('"1"');
    expect(order).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      number: expect.stringMatching(/^SO-\d{6}$/),
      status: "pending",
      currency: "EUR",
      customer: { id: customer.id, name: "Anna Schmidt" },
      placed_at: "2026-01-31T07:00:00+00:00",
      notes: "Ring twice 🛎️ שלום <b>' or 1=1 --",
      subtotal: 63.99,
      discount_total: 6,
      tax_total: 10.26,
      shipping_total: 4.9,
      total: 79.15,
      custom: { color: "red", nested: { deep: [1, null, "x"] } },
      items: [
        {
          id: expect.any(String),
          position: 1,
          product_id: product.id,
          sku: "CHAIR-1",
          name: "Chair",
          quantity: 3,
          unit_price: 19.995,
          discount_percent: 10,
          tax_rate: 19,
          attributes: { size: "L" },
          line_total: 53.99,
        },
        {
          id: expect.any(String),
          position: 2,
          product_id: null,
          sku: null,
          name: "Hours",
          quantity: 0.125,
          unit_price: 80,
          discount_percent: 0,
          tax_rate: 0,
          attributes: {},
          line_total: 10,
        },
      ],
      version: 1,
      created_by: tenant.owner.id,
      created_at: expect.any(String),
      updated_at: expect.any(String),
      deleted_at: null,
    });
    expect(await get<Order>(`/orders/${order.id}`, tenant)).toEqual(order);
    const { data } = await get<List<Order>>("/orders?limit=200", tenant);
    expect(data).toContainEqual(order);
  });

  test("takes the tenant's currency and now when neither is given", async () => {
    const order = await placeOrder(tenant, { items: [] });
    expect(order).toMatchObject({ currency: "EUR", customer: null, total: 0, items: [] });
    expect(Math.abs(Date.parse(order.placed_at) - Date.now())).toBeLessThan(600_000);
  });
});

describe("changing an order", () => {
  test("changes what is given and nothing else", async () => {
    const order = await placeOrder(tenant, { notes: "first", shipping_total: 5 });
    const changed = await patch(order.id, { notes: "second" });
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).toBe(`"${changed.body.version}"`);
    expect(changed.body).toEqual({
      ...order,
      notes: "second",
      version: order.version + 1,
      updated_at: expect.any(String),
    });
    const cleared = await patch(order.id, { notes: null });
    expect(cleared.body.notes).toBeNull();
  });

  test("an empty change writes nothing", async () => {
    const order = await placeOrder(tenant);
    expect((await patch(order.id, {})).body).toEqual(order);
    expect((await patch(order.id, { notes: order.notes })).body).toEqual(order);
  });

  test("items are replaced as a whole, and lines that stay keep their ids", async () => {
    const order = await placeOrder(tenant, {
      items: [item({ name: "A" }), item({ name: "B" }), item({ name: "C" })],
    });
    const { body } = await patch(order.id, { items: [item({ name: "A" }), item({ name: "Z" })] });
    expect(body.items.map(({ name, position }) => [name, position])).toEqual([["A", 1], ["Z", 2]]);
    expect(body.items[0]?.id).toBe(order.items[0]?.id);
    expect(body.total).toBe(200);
  });

  test("two people editing at once: the second one's stale version is refused", async () => {
    const order = await placeOrder(tenant);
    const etag = `"${order.version}"`;
    const results = await Promise.all(
      ["left", "right"].map((notes) => patch(order.id, { notes }, { "if-match": etag })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual([200, 412]);
    const lost = results.find(({ status }) => status === 412)!;
    expectProblem(lost, 412, "version_mismatch");
    const now = await get<Order>(`/orders/${order.id}`, tenant);
    expect(now.version).toBe(order.version + 1);
  });

  test.each([
    ['"1"', 200],
    ["*", 200],
    ['"7", "1"', 200],
    ['"7", "8"', 412],
    ['"2"', 412],
    ['W/"1"', 412],
    ["garbage", 412],
    ['"99999999999999999999"', 412],
    ['"-1"', 412],
  ])("If-Match %s gives %i", async (ifMatch, status) => {
    const order = await placeOrder(tenant);
    expect((await patch(order.id, { notes: "x" }, { "if-match": ifMatch })).status).toBe(status);
    expect((await get<Order>(`/orders/${order.id}`, tenant)).notes).toBe(
      status === 200 ? "x" : null,
    );
  });
});

describe("the trash", () => {
  test("takes an order out of lists and of reach, and gives it back", async () => {
    const order = await placeOrder(tenant);
    expect((await remove(order.id)).status).toBe(204);
    const trashed = await get<Order>(`/orders/${order.id}`, tenant);
    expect(trashed).toMatchObject({ id: order.id, deleted_at: expect.any(String) });
    const lives = async () =>
      (await get<List<Order>>("/orders?limit=200", tenant)).data.some(({ id }) => id === order.id);
    const lies = async () =>
      (await get<List<Order>>("/orders?limit=200&deleted=only", tenant)).data
        .some(({ id }) => id === order.id);
    expect([await lives(), await lies()]).toEqual([false, true]);

    expectProblem(await patch(order.id, { notes: "x" }), 409, "conflict");
    expectProblem(await patch(order.id, { status: "processing" }), 409, "conflict");
    expectProblem(await remove(order.id), 409, "conflict");
    expect(await get<Order>(`/orders/${order.id}`, tenant)).toEqual(trashed);

    const restored = await post(`/orders/${order.id}/restore`);
    expect(restored).toMatchObject({ status: 200, body: { deleted_at: null } });
    expect([await lives(), await lies()]).toEqual([true, false]);
    expectProblem(await post(`/orders/${order.id}/restore`), 409, "conflict");
  });

  test("honours If-Match", async () => {
    const order = await placeOrder(tenant);
    expectProblem(await remove(order.id, { "if-match": '"9"' }), 412, "version_mismatch");
    expect((await remove(order.id, { "if-match": '"1"' })).status).toBe(204);
    const restore = (version: string) =>
      ask(`/orders/${order.id}/restore`, {
        ...tenant,
        method: "POST",
        headers: { "if-match": version },
      });
    expectProblem(await restore('"1"'), 412, "version_mismatch");
    expect((await restore('"2"')).status).toBe(200);
  });
});

test("a duplicate is a new pending order with the same items", async () => {
  const customer = await addCustomer(tenant, "Twice");
  const order = await placeOrder(tenant, {
    customer_id: customer.id,
    items: [item({ tax_rate: 19, attributes: { size: 3 } }), item({ discount_percent: 5 })],
    shipping_total: 3,
    custom: { a: 1 },
  });
  await patch(order.id, { status: "cancelled" });
  const copy = await post(`/orders/${order.id}/duplicate`);
  expect(copy.status).toBe(201);
  expect(copy.headers.get("location")).toBe(`/functions/v1/orders/${copy.body.id}`);
  const bare = (one: Order) => one.items.map(({ id: _, ...rest }) => rest);
  expect(bare(copy.body)).toEqual(bare(order));
  const { total, customer: theirs, custom, shipping_total } = order;
  expect(copy.body).toMatchObject({ status: "pending", total, customer: theirs, custom });
  expect(copy.body).toMatchObject({ shipping_total, version: 1 });
  expect([copy.body.id, copy.body.number]).not.toContain(order.id);
  expect(copy.body.number).not.toBe(order.number);
});

test("the timeline tells what happened, newest first", async () => {
  const order = await placeOrder(tenant);
  await patch(order.id, { status: "processing" });
  await remove(order.id);
  await post(`/orders/${order.id}/restore`);
  type Event = { at: string; kind: string; actor: { id: string; email: string }; summary: string };
  const { data } = await get<{ data: Event[] }>(`/orders/${order.id}/timeline`, tenant);
  expect(data.map(({ kind }) => kind).slice(0, 3)).toEqual([
    "restored",
    "deleted",
    "status_changed",
  ]);
  expect(data.at(-1)?.kind).toBe("created");
  const times = data.map(({ at }) => Date.parse(at));
  expect(times).toEqual([...times].sort((a, b) => b - a));
  for (const { actor, summary } of data) {
    expect(actor).toMatchObject({ id: tenant.owner.id, email: tenant.owner.email });
    expect(summary).not.toBe("");
  }
});
