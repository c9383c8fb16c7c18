/** What the templates of an order's documents may show, ready to be read: texts, lists, and yes or no. */
import type { OrderDocumentKind } from "../contracts/orders.ts";
import { type Formats, formatsFor } from "./formats.ts";
import { type Labels, labelsFor } from "./labels.ts";
import type { OrderData } from "./order_data.ts";
import { cssText } from "./template.ts";

type Item = OrderData["order"]["items"][number];

/** The values by the names that templates use. */
export function orderValues(kind: OrderDocumentKind, data: OrderData) {
  const { tenant, customer, order, taxes } = data;
  const { language, labels } = labelsFor(tenant.locale);
  const formats = formatsFor({
    locale: tenant.locale,
    timeZone: tenant.time_zone,
    currency: order.currency,
    minorDigits: data.minor_digits,
  });
  const title = labels[kind === "confirmation" ? "order_confirmation" : kind];
  const sender = [tenant.name, ...addressLines(tenant.address)];
  const recipient = kind === "confirmation"
    ? customer?.billing_address ?? customer?.shipping_address
    : customer?.shipping_address ?? customer?.billing_address;
  const delivery = kind === "confirmation" ? addressLines(customer?.shipping_address) : [];
  return {
    language,
    labels,
    title,
    tenant: {
      name: tenant.name,
      address_lines: addressLines(tenant.address),
      tax_id: tenant.tax_id ?? "",
    },
    sender_line: sender.length > 1 ? sender.join(" · ") : "",
    number: order.number,
    date: formats.day(order.placed_at),
    is_cancelled: order.status === "cancelled",
    recipient_label: kind === "confirmation" ? labels.bill_to : labels.deliver_to,
    customer: {
      name: customer?.name ?? labels.no_customer,
      tax_id: customer?.tax_id ?? "",
      address_lines: addressLines(recipient),
    },
    delivery: { is_shown: delivery.length > 0, address_lines: delivery },
    has_discounts: order.items.some(({ discount_percent }) => discount_percent > 0),
    items: order.items.map((item) => itemValues(item, formats)),
    currency: order.currency,
    subtotal: formats.money(order.subtotal),
    discount_total: formats.money(order.discount_total),
    taxes: taxes.map((tax) => taxValues(tax, formats)),
    shipping_total: order.shipping_total === 0 ? "" : formats.money(order.shipping_total),
    total: formats.money(order.total),
    line_count: formats.quantity(order.items.length),
    quantity_total: formats.quantity(sumOf(order.items.map(({ quantity }) => quantity))),
    notes: order.notes?.trim() ?? "",
    footer: footerValues(labels, [
      [
        ...sender,
        tenant.tax_id ? `${labels.our_tax_id} ${tenant.tax_id}` : "",
        tenant.phone,
        tenant.email,
      ]
        .filter(Boolean)
        .join(" · "),
      `${title} ${order.number}`,
    ]),
  };
}

function itemValues(item: Item, formats: Formats) {
  return {
    position: item.position,
    sku: item.sku ?? "",
    name: item.name,
    details: Object.entries(item.attributes)
      .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
      .map(([label, value]) => ({ label, value: String(value) })),
    quantity: formats.quantity(item.quantity),
    unit_price: formats.price(item.unit_price),
    discount: item.discount_percent === 0 ? "" : `−${formats.percent(item.discount_percent)}`,
    tax: formats.percent(item.tax_rate),
    amount: formats.amount(item.line_total),
  };
}

function taxValues({ rate, net, tax }: OrderData["taxes"][number], formats: Formats) {
  return { rate: formats.percent(rate), net: formats.money(net), tax: formats.money(tax) };
}

/** For strings in print.css. */
function footerValues({ page, of }: Labels, [left = "", middle = ""]: readonly string[]) {
  const short = left.length > 160 ? `${left.slice(0, 159)}…` : left;
  return { left: cssText(short), middle: cssText(middle), page: cssText(page), of: cssText(of) };
}

/** An address as it is written on a letter. */
function addressLines(address: Readonly<Record<string, unknown>> | null | undefined): string[] {
  const part = (key: string) => {
    const value = address?.[key];
    return typeof value === "string" ? value.trim() : "";
  };
  const town = `${part("postal_code")} ${part("city")}`.trim();
  return [part("line1"), part("line2"), town, part("region"), part("country")].filter(Boolean);
}

/** Quantities have three decimals: added as whole thousandths, none gets lost. */
const sumOf = (quantities: readonly number[]) =>
  quantities.reduce((sum, quantity) => sum + Math.round(quantity * 1000), 0) / 1000;
