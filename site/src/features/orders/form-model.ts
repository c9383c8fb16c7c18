import type { UseFormReturn } from "react-hook-form";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Order, OrderCreate } from "../../../../functions/_shared/contracts/orders.ts";
import { minorDigits } from "../../lib/currencies.ts";
import { decimalText, parseDecimal } from "../../lib/decimal-input.ts";
import { toWallClock } from "../../lib/zoned.ts";
import { type CustomForm, customFormOf } from "../records/custom.ts";
import type { Line } from "./arithmetic.ts";

/** An order as the form holds it: numbers and times are the texts in the fields. */
export type OrderForm = {
  customer_id: string | null;
  customer_name: string;
  placed_at: string;
  currency: string;
  shipping_total: string;
  notes: string;
  custom: CustomForm;
  items: ItemForm[];
};

export type ItemForm = {
  product_id: string | null;
  sku: string | null;
  name: string;
  quantity: string;
  unit_price: string;
  discount_percent: string;
  tax_rate: string;
  attributes: Record<string, unknown>;
};

/** By whose habits it is written: the person's locale, the tenant's clocks and own fields. */
export type Habits = { locale: string; timeZone: string; fields: readonly CustomField[] };

export const NEW_ITEM: ItemForm = {
  product_id: null,
  sku: null,
  name: "",
  quantity: "1",
  unit_price: "",
  discount_percent: "",
  tax_rate: "",
  attributes: {},
};

/** What a checked form becomes: the request of the API. */
export type OrderRequest = OrderCreate;

export type OrderFormApi = UseFormReturn<OrderForm, unknown, OrderRequest>;

/** The form of a new order, placed at an instant (RFC 3339), with one blank line. */
export function emptyForm(currency: string, placedAt: string, habits: Habits): OrderForm {
  const { timeZone, fields, locale } = habits;
  return {
    customer_id: null,
    customer_name: "",
    placed_at: toWallClock(placedAt, timeZone),
    currency,
    shipping_total: "",
    notes: "",
    custom: customFormOf(fields, {}, locale),
    items: [{ ...NEW_ITEM }],
  };
}

/** The form of an order as it is stored. */
export function formOf(order: Order, { locale, timeZone, fields }: Habits): OrderForm {
  const digits = minorDigits(order.currency);
  const number = (value: number) => decimalText(value, locale);
  const money = (value: number) => decimalText(value, locale, digits);
  const unlessZero = (value: number, write = number) => (value === 0 ? "" : write(value));
  return {
    customer_id: order.customer?.id ?? null,
    customer_name: order.customer?.name ?? "",
    placed_at: toWallClock(order.placed_at, timeZone),
    currency: order.currency,
    shipping_total: unlessZero(order.shipping_total, money),
    notes: order.notes ?? "",
    custom: customFormOf(fields, order.custom, locale),
    items: order.items.map((item) => ({
      product_id: item.product_id,
      sku: item.sku,
      name: item.name,
      quantity: number(item.quantity),
      unit_price: money(item.unit_price),
      discount_percent: unlessZero(item.discount_percent),
      tax_rate: unlessZero(item.tax_rate),
      attributes: item.attributes,
    })),
  };
}

/** The numbers of a line, for the totals shown while typing. */
export function lineOf(item: ItemForm, locale: string): Line {
  const number = (text: string) => parseDecimal(text, locale);
  return {
    quantity: number(item.quantity),
    unit_price: number(item.unit_price),
    discount_percent: number(item.discount_percent),
    tax_rate: number(item.tax_rate),
  };
}

/** A line that nobody has written into: it is left out. */
export function isBlank({ product_id, quantity, ...texts }: ItemForm): boolean {
  const { name, unit_price, discount_percent, tax_rate } = texts;
  const written = [name, unit_price, discount_percent, tax_rate].some((text) => text.trim() !== "");
  return product_id === null && !written && ["", NEW_ITEM.quantity].includes(quantity.trim());
}

/** The form's field for a field of the request that the API refused; the lines sent are those not blank. */
export function fieldOf(path: string, form: OrderForm): string {
  const [head, index, ...rest] = path.split(".");
  if (head !== "items" || index === undefined) return path;
  const places = form.items.flatMap((item, at) => (isBlank(item) ? [] : [at]));
  return ["items", places[Number(index)] ?? index, ...rest].join(".");
}
