import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, rest, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order, OrderStatus } from "../_shared/contracts/orders.ts";
import { ask, expectProblem, get, item, placeOrder } from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

const patch = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  ask<Order>(`/orders/${id}`, { token: tenant.token, method: "PATCH", body, headers });
const post = <T = Order>(path: string, body?: unknown) =>
  ask<T>(path, { token: tenant.token, method: "POST", ...(body === undefined ? {} : { body }) });
const remove = (id: string, headers: Record<string, string> = {}) =>
  ask(`/orders/${id}`, { token: tenant.token, method: "DELETE", headers });

describe("the status", () => {
  const allowed: Record<OrderStatus, OrderStatus[]> = {
    pending: ["processing", "cancelled"],
    processing: ["shipped", "cancelled"],
    shipped: ["delivered"],
    delivered: [],
    cancelled: [],
  };
  const way: Record<OrderStatus, OrderStatus[]> = {
    pending: [],
    processing: ["processing"],
    shipped: ["processing", "shipped"],
    delivered: ["processing", "shipped", "delivered"],
    cancelled: ["cancelled"],
  };
  const statuses = Object.keys(allowed) as OrderStatus[];
  const moves = statuses.flatMap((from) => statuses.map((to) => [from, to] as const));

  test.each(moves)("from %s to %s", async (from, to) => {
    let order = await placeOrder(tenant);
    for (const status of way[from]) order = (await patch(order.id, { status })).body;
    expect(order.status).toBe(from);
    const answer = await patch(order.id, { status: to });
    const after = await get<Order>(`/orders/${order.id}`, tenant);
    if (from === to) {
      expect(answer).toMatchObject({ status: 200 });
      expect(after).toEqual(order);
    } else if (allowed[from].includes(to)) {
      expect(answer).toMatchObject({ status: 200, body: { status: to } });
      expect(after.version).toBe(order.version + 1);
    } else {
      expectProblem(answer, 409, "invalid_transition");
      expect(after).toEqual(order);
    }
  });

  test("items change only while it is pending or processing", async () => {
    const order = await placeOrder(tenant);
    await patch(order.id, { status: "processing" });
    expect(await patch(order.id, { items: [item({ quantity: 2 })] })).toMatchObject({
      status: 200,
      body: { total: 200 },
    });
    const shipped = (await patch(order.id, { status: "shipped" })).body;
    expectProblem(await patch(order.id, { items: [item()] }), 409, "conflict");
    expect(await get<Order>(`/orders/${order.id}`, tenant)).toEqual(shipped);
    expect((await patch(order.id, { notes: "Left at the door" })).status).toBe(200);
  });

  test("one refused part of a change refuses all of it", async () => {
    const order = await placeOrder(tenant);
    expectProblem(
      await patch(order.id, { notes: "lost", status: "delivered" }),
      409,
      "invalid_transition",
    );
    expect(await get<Order>(`/orders/${order.id}`, tenant)).toEqual(order);
  });

  test("in bulk every order has its own outcome", async () => {
    const [pending, shipped, trashed] = await Promise.all([1, 2, 3].map(() => placeOrder(tenant)));
    await patch(shipped!.id, { status: "processing" });
    await patch(shipped!.id, { status: "shipped" });
    await remove(trashed!.id);
    const stranger = (await newTenant()).token;
    const foreign = await placeOrder({ token: stranger });
    const ids = [pending!.id, shipped!.id, trashed!.id, foreign.id];
    const answer = await post("/orders/bulk", { ids, set: { status: "processing" } });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        results: [
          { id: ids[0], ok: true },
          { id: ids[1], ok: false, code: "invalid_transition" },
          { id: ids[2], ok: false, code: "conflict" },
          { id: ids[3], ok: false, code: "not_found" },
        ],
      },
    });
    expect((await get<Order>(`/orders/${ids[0]}`, tenant)).status).toBe("processing");
  });

  test("in bulk by several at once, in whatever order: each answers", async () => {
    const orders = await Promise.all(Array.from({ length: 100 }, () => placeOrder(tenant)));
    const ids = orders.map(({ id }) => id);
    const answers = await Promise.all(
      [ids, ids.toReversed(), ids, ids.toReversed()].map((ids) =>
        rest("/rpc/set_order_status", {
          token: tenant.token,
          body: { ids, status: "processing" },
        })
      ),
    );
    for (const { status, body } of answers) {
      expect([status, body]).toEqual([200, expect.any(Array)]);
      expect((body as { ok: boolean }[]).every(({ ok }) => ok)).toBe(true);
    }
  });
});
