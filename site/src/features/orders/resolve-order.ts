import { toNestErrors } from "@hookform/resolvers";
import type { FieldErrors, ResolverOptions, ResolverResult } from "react-hook-form";
import { type Order, orderCreate } from "../../../../functions/_shared/contracts/orders.ts";
import { parseDecimal } from "../../lib/decimal-input.ts";
import { fromWallClock } from "../../lib/zoned.ts";
import { customRequest } from "../records/custom.ts";
import { type Habits, isBlank, lineOf, type OrderForm, type OrderRequest } from "./form-model.ts";

/** The request for a form. */
function requestOf(form: OrderForm, { locale, timeZone, fields }: Habits, stored: Order["custom"]) {
  return {
    ...customRequest(fields, form.custom, stored, locale),
    customer_id: form.customer_id,
    currency: form.currency,
    placed_at: form.placed_at === "" ? undefined : fromWallClock(form.placed_at, timeZone),
    notes: form.notes.trim() === "" ? null : form.notes,
    shipping_total: parseDecimal(form.shipping_total, locale) ?? 0,
    items: form.items.map((item) => {
      const { product_id, sku, name, attributes } = item;
      const { quantity, unit_price, discount_percent = 0, tax_rate = 0 } = lineOf(item, locale);
      return {
        product_id,
        sku,
        name,
        quantity,
        unit_price,
        discount_percent,
        tax_rate,
        attributes,
      };
    }),
  };
}

/**
 * Checks a form against the API's own contract.
 * @param stored the order that is changed; null for a new one, which must be for somebody or of something.
 * @returns the request to send as `values`, or the messages at the fields they are about.
 */
export function resolveOrder(
  form: OrderForm,
  habits: Habits,
  options: ResolverOptions<OrderForm>,
  stored: Order | null,
): ResolverResult<OrderForm, OrderRequest> {
  const request = requestOf(form, habits, stored?.custom ?? {});
  const places = form.items.flatMap((item, index) => (isBlank(item) ? [] : [index]));
  const items = places.map((index) => request.items[index]);
  if (stored === null && form.customer_id === null && items.length === 0) {
    const missing = { type: "required", message: "Choose a customer or add an item." };
    return { values: {}, errors: toNestErrors<OrderForm>({ customer_id: missing }, options) };
  }
  const parsed = orderCreate.safeParse({ ...request, items });
  if (parsed.success) return { values: parsed.data, errors: {} };
  const flat: FieldErrors = {};
  for (const { path, code, message } of parsed.error.issues) {
    const [head, index, ...rest] = path.map(String);
    const at =
      head === "items" && index !== undefined ? ["items", places[Number(index)], ...rest] : path;
    flat[at.join(".")] ??= {
      type: code,
      message: code === "invalid_type" ? "Please enter a number." : message,
    };
  }
  return { values: {}, errors: toNestErrors<OrderForm>(flat, options) };
}
