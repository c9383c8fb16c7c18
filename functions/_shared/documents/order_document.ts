/** The documents of an order, ready to be printed. */
import type { OrderDocumentKind } from "../contracts/orders.ts";
import type { PdfSource } from "../pdf.ts";
import { fontsFor } from "./fonts.ts";
import type { OrderData } from "./order_data.ts";
import { orderValues } from "./order_values.ts";
import { fillTemplate, readTemplate } from "./template.ts";

/**
 * The template of each kind, its style and its fonts: everything goes along, nothing is fetched.
 * @param logo as a data: URI; empty for none.
 */
export async function orderDocument(
  kind: OrderDocumentKind,
  data: OrderData,
  logo = "",
): Promise<PdfSource> {
  const values = orderValues(kind, data);
  const [html, css] = await Promise.all([
    fillTemplate(kind, { ...values, logo }),
    readTemplate("print.css"),
  ]);
  // The texts of the page's foot are in the HTML as numbers only: hence the values too.
  const fonts = await fontsFor(html + JSON.stringify(values));
  return {
    html,
    assets: { ...fonts.assets, "print.css": new TextEncoder().encode(`${fonts.css}\n${css}`) },
    options: { preferCssPageSize: true, printBackground: true, generateTaggedPdf: true },
  };
}

/** What a document is called as a file. A prefix of numbers may hold a slash, which no file's name does. */
export function documentFileName(kind: OrderDocumentKind, number: string): string {
  return `${number.replace(/[/\\]/g, "_")}-${kind}.pdf`;
}
