import { Big } from "big.js";
import type { Amounts } from "./Totals.tsx";

/** What an order's totals are made of; a number that is missing or none counts as 0. */
export type Line = {
  quantity: number | undefined;
  unit_price: number | undefined;
  discount_percent: number | undefined;
  tax_rate: number | undefined;
};

/**
 * The totals that the database will compute, to show while typing: each line's gross, discount and tax
 * are rounded on their own, half away from zero, to the currency's digits. What is stored is the
 * database's answer.
 */
export function previewTotals(
  lines: readonly Line[],
  shipping: number | undefined,
  digits: number,
): Amounts {
  let subtotal = new Big(0);
  let discounts = new Big(0);
  let taxes = new Big(0);
  for (const line of lines) {
    const { net, discount, tax } = amountsOf(line, digits);
    subtotal = subtotal.plus(net);
    discounts = discounts.plus(discount);
    taxes = taxes.plus(tax);
  }
  const freight = big(shipping);
  return {
    subtotal: subtotal.toNumber(),
    discount_total: discounts.toNumber(),
    tax_total: taxes.toNumber(),
    shipping_total: freight.toNumber(),
    total: subtotal.plus(taxes).plus(freight).toNumber(),
  };
}

/** The amount of one line after its discount, before tax. */
export function lineTotal(line: Line, digits: number): number {
  return amountsOf(line, digits).net.toNumber();
}

function amountsOf(line: Line, digits: number) {
  const round = (value: Big) => value.round(digits, Big.roundHalfUp); // which is half away from zero
  const gross = round(big(line.quantity).times(big(line.unit_price)));
  const discount = round(gross.times(big(line.discount_percent)).div(100));
  const net = gross.minus(discount);
  return { net, discount, tax: round(net.times(big(line.tax_rate)).div(100)) };
}

function big(value: number | undefined): Big {
  return new Big(value !== undefined && Number.isFinite(value) ? value : 0);
}
