/** The database's totals against a second, independent calculation. */
import Big from "big.js";
import { describe, expect, test } from "vitest";
import { newTenant } from "../../scripts/stack/testing.ts";
import type { Order, OrderItemInput } from "../_shared/contracts/orders.ts";
import { ask } from "../_shared/testing.ts";

const CURRENCIES = { EUR: 2, JPY: 0, KWD: 3 };
const ORDERS_EACH = 334;
const AT_ONCE = 8;

/** A small generator with a seed (mulberry32): a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function generate(random: () => number): OrderItemInput[] {
  const decimal = (max: number, digits: number) => Number((random() * max).toFixed(digits));
  const pick = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)]!;
  return Array.from({ length: 1 + Math.floor(random() * 6) }, () => ({
    name: "Thing",
    // Halves on purpose: they are where roundings differ.
    quantity: pick(0, 1, 0.5, 0.001, decimal(1_000, 3), decimal(5, 1)),
    unit_price: pick(0, 0.005, 0.5, 2.5, 19.995, decimal(9_999, 4), decimal(99, 2)),
    discount_percent: pick(0, 10, 12.5, 33.3333, 50, 100, decimal(100, 2)),
    tax_rate: pick(0, 7, 19, 19.25, 100, decimal(100, 3)),
  }));
}

/** The contract's arithmetic, written down once more. */
function expected(items: OrderItemInput[], shipping: number, digits: number) {
  const round = (value: Big) => value.round(digits, Big.roundHalfUp);
  const sums = { subtotal: new Big(0), discount: new Big(0), tax: new Big(0) };
  const lines = items.map(({ quantity, unit_price, discount_percent = 0, tax_rate = 0 }) => {
    const gross = round(new Big(quantity).times(unit_price));
    const discount = round(gross.times(discount_percent).div(100));
    const line = gross.minus(discount);
    sums.subtotal = sums.subtotal.plus(line);
    sums.discount = sums.discount.plus(discount);
    sums.tax = sums.tax.plus(round(line.times(tax_rate).div(100)));
    return line.toNumber();
  });
  return {
    lines,
    subtotal: sums.subtotal.toNumber(),
    discount_total: sums.discount.toNumber(),
    tax_total: sums.tax.toNumber(),
    shipping_total: shipping,
    total: sums.subtotal.plus(sums.tax).plus(shipping).toNumber(),
  };
}

describe.each(Object.entries(CURRENCIES))("in %s", (currency, digits) => {
  test(`the totals of ${ORDERS_EACH} generated orders agree`, async () => {
    const { token } = await newTenant({ currency });
    const random = seeded(digits + 20_261_122);
    const bodies = Array.from({ length: ORDERS_EACH }, () => ({
      shipping_total: Number((random() * 50).toFixed(digits)),
      items: generate(random),
    }));
    const place = async (body: (typeof bodies)[number]) => {
      const { status, body: order } = await ask<Order>("/orders", { token, body });
      expect(status).toBe(201);
      const { subtotal, discount_total, tax_total, shipping_total, total } = order;
      const lines = order.items.map(({ line_total }) => line_total);
      expect({ lines, subtotal, discount_total, tax_total, shipping_total, total })
        .toEqual(expected(body.items, body.shipping_total, digits));
    };
    for (let start = 0; start < bodies.length; start += AT_ONCE) {
      await Promise.all(bodies.slice(start, start + AT_ONCE).map(place));
    }
  });
});
