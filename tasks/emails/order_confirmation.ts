/** To a customer, when somebody asks for it: what was ordered and what it costs, on paper too. */
import { Readable } from "node:stream";
import { GetObjectCommand, NoSuchKey } from "@aws-sdk/client-s3";
import { z } from "zod";
import { logoFrom } from "../../functions/_shared/documents/logo.ts";
import {
  type OrderData,
  type OrderDataRow,
  orderData,
  readOrderData,
} from "../../functions/_shared/documents/order_data.ts";
import {
  documentFileName,
  orderDocument,
} from "../../functions/_shared/documents/order_document.ts";
import { PdfError, renderPdf } from "../../functions/_shared/pdf.ts";
import { asPerson } from "../as_person.ts";
import { PermanentError } from "../errors.ts";
import { objectStore } from "../s3.ts";
import { defineMessage } from "./define.ts";
import type { Attachment, Source } from "./message.ts";

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

type Data = Order & {
  readonly tenant: string;
  readonly note: string | null;
  /** The confirmation as a PDF; none where nothing is printed. */
  readonly papers: readonly Attachment[];
};

const WORDS = {
  en: {
    subject: (number: string, tenant: string) => `Your order ${number} with ${tenant}`,
    title: (number: string) => `Order ${number}`,
    intro: "Thank you for your order. This is what we have noted.",
    attached: "You will find the confirmation attached as a PDF.",
    customer: "Customer",
    placed: "Placed on",
    columns: ["Item", "Quantity", "Price", "Amount"],
    subtotal: "Subtotal",
    tax: "Tax",
    shipping: "Shipping",
    total: "Total",
    wrong: "Something is not right? Just tell whoever you ordered from.",
  },
  de: {
    subject: (number: string, tenant: string) => `Ihre Bestellung ${number} bei ${tenant}`,
    title: (number: string) => `Bestellung ${number}`,
    intro: "Vielen Dank für Ihre Bestellung. Das haben wir aufgenommen:",
    attached: "Die Auftragsbestätigung finden Sie als PDF im Anhang.",
    customer: "Kunde",
    placed: "Bestellt am",
    columns: ["Artikel", "Menge", "Preis", "Betrag"],
    subtotal: "Zwischensumme",
    tax: "Steuer",
    shipping: "Versand",
    total: "Gesamt",
    wrong: "Etwas stimmt nicht? Wenden Sie sich an Ihren Ansprechpartner.",
  },
} as const;

export const orderConfirmation = defineMessage({
  params: z.object({ order_id: z.guid() }),
  async load({ order_id }, source): Promise<Data | null> {
    const { sql, tenant, person, note } = source;
    if (person === null) throw new PermanentError("Whoever asked for this mail is gone.");
    const read = await asPerson(sql, { tenant: tenant.id, person, role: "member" }, async (tx) => {
      const [row] = await tx<{ document: Order }[]>`
        select document from private.order_documents
        where tenant_id = ${tenant.id} and id = ${order_id} and deleted_at is null`;
      const [paper] = await orderData(tx, order_id);
      return row && paper && { order: row.document, paper };
    });
    if (read === undefined) return null;
    const papers = await print(read.paper, source);
    return { ...read.order, tenant: tenant.name, note, papers };
  },
  content(order, formats) {
    const words = formats.words<(typeof WORDS)["en" | "de"]>(WORDS);
    const money = (amount: number) => formats.money(amount, order.currency);
    return {
      subject: words.subject(order.number, order.tenant),
      title: words.title(order.number),
      blocks: [
        ...(order.note === null ? [] : [{ kind: "text", text: order.note } as const]),
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
        ...(order.papers.length === 0 ? [] : [{ kind: "text", text: words.attached } as const]),
        { kind: "note", text: words.wrong },
      ],
      attachments: order.papers,
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
    note: "We deliver on Thursday morning.\nPlease have somebody at the ramp.",
    papers: [
      {
        name: documentFileName("confirmation", "SO-000042"),
        contentType: "application/pdf",
        bytes: new Uint8Array(),
      },
    ],
  },
});

/** @throws PermanentError when it can never be printed; PdfError when it may be later. */
async function print(paper: OrderDataRow, { gotenberg, signal }: Source): Promise<Attachment[]> {
  if (gotenberg === undefined) return [];
  const data = readOrderData(paper);
  const document = await orderDocument("confirmation", data, await logoOf(data));
  try {
    const bytes = await renderPdf(gotenberg, document, { signal });
    const name = documentFileName("confirmation", data.order.number);
    return [{ name, contentType: "application/pdf", bytes }];
  } catch (error) {
    if (!(error instanceof PdfError) || error.transient) throw error;
    throw new PermanentError(error.message, { cause: error });
  }
}

/** The tenant's logo as a document takes it; empty: there is none. */
async function logoOf({ tenant: { logo_key } }: OrderData): Promise<string> {
  if (logo_key === null) return "";
  const { client, bucket } = objectStore();
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: logo_key }));
    return await logoFrom(Body instanceof Readable ? Body : null);
  } catch (error) {
    if (error instanceof NoSuchKey) return "";
    throw new Error("The logo cannot be fetched just now.", { cause: error });
  }
}
