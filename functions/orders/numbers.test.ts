import { expect, test } from "vitest";
import { newTenant } from "../../scripts/stack/testing.ts";
import { ask, item, placeOrder } from "../_shared/testing.ts";

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `SO-${String(index + 1).padStart(6, "0")}`);

test("50 writers at once in each of two tenants get 50 gapless numbers", async () => {
  const tenants = await Promise.all([newTenant(), newTenant()]);
  const items = Array.from({ length: 10 }, () => item());
  const numbers = await Promise.all(tenants.map(async ({ token }) => {
    const orders = await Promise.all(
      Array.from({ length: 50 }, () => placeOrder({ token }, { items })),
    );
    return orders.map(({ number }) => number).sort();
  }));
  expect(numbers).toEqual([numbered(50), numbered(50)]);
});

test("a refused order takes no number", async () => {
  const { token } = await newTenant();
  const nobody = "00000000-0000-7000-8000-000000000000";
  const bodies = Array.from({ length: 20 }, (_, index) => ({
    items: [item()],
    ...(index % 2 === 0 ? {} : { customer_id: nobody }),
  }));
  const answers = await Promise.all(
    bodies.map((body) => ask<{ number: string }>("/orders", { token, body })),
  );
  const numbers = answers.flatMap(({ status, body }) => status === 201 ? [body.number] : []);
  expect(numbers.sort()).toEqual(numbered(10));
});
