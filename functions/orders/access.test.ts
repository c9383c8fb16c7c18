import { beforeAll, expect, test } from "vitest";
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
  pathsOf,
  placeOrder,
} from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

test("a viewer reads and does not write", async () => {
  const order = await placeOrder(tenant);
  const { token } = await tenant.join("viewer");
  expect(await get<Order>(`/orders/${order.id}`, { token })).toEqual(order);
  const writes: [string, string, unknown?][] = [
    ["POST", "/orders", { items: [] }],
    ["PATCH", `/orders/${order.id}`, { notes: "x" }],
    ["DELETE", `/orders/${order.id}`],
    ["POST", `/orders/${order.id}/restore`],
    ["POST", `/orders/${order.id}/duplicate`],
    ["POST", "/orders/bulk", { ids: [order.id], set: { status: "cancelled" } }],
  ];
  for (const [method, path, body] of writes) {
    expectProblem(await ask(path, { token, method, body }), 403, "forbidden");
  }
  expect(await get<Order>(`/orders/${order.id}`, tenant)).toEqual(order);
});

test("another tenant's order is not found, whatever is asked of it", async () => {
  const order = await placeOrder(tenant);
  const stranger = await newTenant();
  const { token } = stranger;
  const calls: [string, string, unknown?][] = [
    ["GET", `/orders/${order.id}`],
    ["GET", `/orders/${order.id}/timeline`],
    ["PATCH", `/orders/${order.id}`, { notes: "x" }],
    ["DELETE", `/orders/${order.id}`],
    ["POST", `/orders/${order.id}/restore`],
    ["POST", `/orders/${order.id}/duplicate`],
  ];
  for (const [method, path, body] of calls) {
    expectProblem(await ask(path, { token, method, body }), 404, "not_found");
    const headers = { token, tenant: tenant.id };
    expectProblem(await ask(path, { ...headers, method, body }), 403, "forbidden");
  }
  const customer = await addCustomer(tenant, "Ours");
  const product = await addProduct(tenant, "OURS");
  const foreign = [
    { customer_id: customer.id, items: [] },
    { items: [item({ product_id: product.id })] },
  ];
  for (const body of foreign) {
    const problem = expectProblem(
      await ask("/orders", { token, body }),
      422,
      "validation_failed",
    );
    expect(pathsOf(problem).join()).toMatch(/customer_id|product_id/);
  }
  expect((await get<List<Order>>("/orders", { token })).page.total.count).toBe(0);
  expect(await get<Order>(`/orders/${order.id}`, tenant)).toEqual(order);
});
