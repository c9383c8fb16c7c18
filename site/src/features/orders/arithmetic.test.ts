/** The totals shown while typing against those of the database. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { api, newTenant } from "../../../../scripts/stack/testing.ts";
import { lineTotal, previewTotals } from "./arithmetic.ts";

const decimal = (max: number, digits: number) =>
  fc.integer({ min: 0, max: max * 10 ** digits }).map((value) => value / 10 ** digits);

const line = fc.record({
  name: fc.constant("Thing"),
  quantity: decimal(5_000, 3),
  unit_price: decimal(10_000, 4),
  discount_percent: fc.oneof(fc.constant(0), decimal(100, 2)),
  tax_rate: fc.constantFrom(0, 7, 19, 7.7, 33.3333),
});

const totals = z.object({
  subtotal: z.number(),
  discount_total: z.number(),
  tax_total: z.number(),
  shipping_total: z.number(),
  total: z.number(),
});
const stored = totals.extend({ items: z.array(z.object({ line_total: z.number() })) });

describe.each([
  ["EUR", 2],
  ["JPY", 0],
  ["KWD", 3],
] as const)("totals in %s", (currency, digits) => {
  it("are those the database computes", async () => {
    const { token, id } = await newTenant({ currency });
    const orders = fc.sample(fc.array(line, { minLength: 1, maxLength: 40 }), {
      numRuns: 12,
      seed: digits,
    });
    for (const items of orders) {
      const shipping_total = Number((items.length * 1.7).toFixed(digits));
      const made = await api("/orders", { token, tenant: id, body: { items, shipping_total } });
      const answer = stored.parse(made.body);
      expect(previewTotals(items, shipping_total, digits)).toEqual(totals.parse(answer));
      expect(items.map((item) => lineTotal(item, digits))).toEqual(
        answer.items.map(({ line_total }) => line_total),
      );
    }
  });
});

it("rounds halves away from zero and takes what is no number for 0", () => {
  const half = {
    quantity: 1,
    unit_price: 0.125,
    discount_percent: undefined,
    tax_rate: Number.NaN,
  };
  expect(lineTotal(half, 2)).toBe(0.13);
  expect(previewTotals([half], undefined, 2).total).toBe(0.13);
});
