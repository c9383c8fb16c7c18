/** To a customer, when somebody asks for it: what was ordered and what it costs. */
import { z } from "zod";
import { asPerson } from "../as_person.ts";
import { PermanentError } from "../errors.ts";
import { defineMessage } from "./define.ts";

type Item = {
  readonly name: string;
  readonly sku: string | null;
  readonly quantity: number;
  readonly unit_price: number;
  readonly line_total: number;
};

/** The part of the contract's order that the mail shows. */
type Order = {
  readonly number: string;
  readonly currency: string;
  readonly customer: { readonly name: string } | null;
  readonly placed_at: string;
  readonly items: readonly Item[];
  readonly subtotal: number;
  readonly tax_total: number;
  readonly shipping_total: number;
  readonly total: number;
};

type Data = Order & { readonly tenant: string };

const WORDS = {
  en: {
    subject: (number: string, tenant: string) => `Your order ${number} with ${tenant}`,
    title: (number: string) => `Order ${number}`,
    intro: "Thank you for your order. This is what we have noted.",
    customer: "Customer",
    placed: "Placed on",
    columns: ["Item", "Quantity", "Price", "Amount"],
    subtotal: "Subtotal",
    tax: "Tax",
    shipping: "Shipping",
    total: "Total",
    note: "Something is not right? Just reply to whoever you ordered from.",
  },
  de: {
    subject: (number: string, tenant: string) => `Ihre Bestellung ${number} bei ${tenant}`,
    title: (number: string) => `Bestellung ${number}`,
    intro: "Vielen Dank für Ihre Bestellung. Das haben wir aufgenommen:",
    customer: "Kunde",
    placed: "Bestellt am",
    columns: ["Artikel", "Menge", "Preis", "Betrag"],
    subtotal: "Zwischensumme",
    tax: "Steuer",
    shipping: "Versand",
    total: "Gesamt",
    note: "Etwas stimmt nicht? Wenden Sie sich an Ihren Ansprechpartner.",
  },
} as const;

export const orderConfirmation = defineMessage({
  params: z.object({ order_id: z.guid() }),
  async load({ order_id }, { sql, tenant, person }): Promise<Data | null> {
    if (person === null) throw new PermanentError("Whoever asked for this mail is gone.");
    const order = await asPerson(sql, { tenant: tenant.id, person, role: "member" }, async (tx) => {
      const [row] = await tx<{ document: Order }[]>`
        select document from private.order_documents
        where tenant_id = ${tenant.id} and id = ${order_id} and deleted_at is null`;
      return row?.document;
    });
    return order === undefined ? null : { ...order, tenant: tenant.name };
  },
  content(order, formats) {
    const words = formats.words<(typeof WORDS)["en" | "de"]>(WORDS);
    const money = (amount: number) => formats.money(amount, order.currency);
    return {
      subject: words.subject(order.number, order.tenant),
      title: words.title(order.number),
      blocks: [
        { kind: "text", text: words.intro },
        {
          kind: "facts",
          rows: [
            ...(order.customer === null ? [] : [[words.customer, order.customer.name] as const]),
            [words.placed, formats.date(order.placed_at)],
          ],
        },
        {
          kind: "table",
          columns: words.columns,
          rows: order.items.map((item) => [
            item.sku === null ? item.name : `${item.name} (${item.sku})`,
            formats.number(item.quantity),
            formats.price(item.unit_price, order.currency),
            money(item.line_total),
          ]),
          totals: [
            [words.subtotal, money(order.subtotal)],
            [words.tax, money(order.tax_total)],
            [words.shipping, money(order.shipping_total)],
            [words.total, money(order.total)],
          ],
        },
        { kind: "note", text: words.note },
      ],
    };
  },
  sample: {
    tenant: "Acme Trading",
    number: "SO-000042",
    currency: "EUR",
    customer: { name: "Müller & Söhne GmbH" },
    placed_at: "2026-01-24T09:15:00Z",
    items: [
      { name: "Oak table", sku: "TBL-120", quantity: 2, unit_price: 349.5, line_total: 699 },
      { name: "Chair", sku: null, quantity: 8, unit_price: 89, line_total: 712 },
    ],
    subtotal: 1411,
    tax_total: 268.09,
    shipping_total: 49,
    total: 1728.09,
  },
});
