/** An order on paper. What a document needs is read in one statement; Gotenberg prints it. */
import { create as contentDisposition } from "content-disposition";
import { z } from "zod";
import { orderPdfQuery } from "../_shared/contracts/orders.ts";
import { orderData, type OrderDataRow, readOrderData } from "../_shared/documents/order_data.ts";
import { logoFrom } from "../_shared/documents/logo.ts";
import { documentFileName, orderDocument } from "../_shared/documents/order_document.ts";
import { env } from "../_shared/env.ts";
import { notFound, Problem } from "../_shared/errors.ts";
import { isFresh } from "../_shared/etag.ts";
import { PdfError, type PdfSource, renderPdf } from "../_shared/pdf.ts";
import { type Route, route } from "../_shared/route.ts";
import { getObject } from "../_shared/s3.ts";

/** Whoever waits is answered within 15 seconds, printed or not. */
const PRINT_WITHIN_MS = 13_500;

export const orderPdf: Route = route({
  method: "GET",
  path: "/orders/:id/pdf",
  access: "viewer",
  tag: "Orders",
  summary: "Get an order as PDF",
  description:
    "In the tenant's language, days and number formats. There is a delivery note and a " +
    "packing list once the order was shipped.",
  query: orderPdfQuery,
  answers: {
    200: {
      description: "The document",
      schema: z.string().meta({ format: "binary" }),
      contentType: "application/pdf",
    },
  },
  handle: async ({ db, params, query: { kind }, request }) => {
    const [row] = await db.rows<OrderDataRow>((sql) => orderData(sql, params.id));
    if (row === undefined) throw notFound();
    const data = readOrderData(row);
    const { number, status } = data.order;
    if (kind !== "confirmation" && status !== "shipped" && status !== "delivered") {
      throw new Problem("conflict", "There is no such document before the order was shipped.");
    }
    // Weak: printed again, the same document has another date of creation inside.
    const etag = `W/"${kind}.${row.versions}"`;
    const caching = { etag, "cache-control": "private, no-cache" };
    if (isFresh(request, etag)) return { status: 304, headers: caching };
    const { logo_key } = data.tenant;
    const logo = logo_key === null ? "" : await logoFrom(await getObject(logo_key));
    const bytes = await print(await orderDocument(kind, data, logo));
    await db.recordDownload({
      entityType: "document",
      entityId: params.id,
      metadata: { of: `order:${params.id}`, document: kind },
    });
    return {
      status: 200,
      headers: {
        ...caching,
        "content-type": "application/pdf",
        "content-disposition": contentDisposition(documentFileName(kind, number), {
          type: "inline",
        }),
      },
      bytes,
    };
  },
});

/** @throws Problem 503 when it cannot be printed just now. */
async function print(source: PdfSource): Promise<Uint8Array<ArrayBuffer>> {
  if (env.GOTENBERG_URL === undefined) throw unavailable("This installation prints no documents.");
  try {
    return await renderPdf(env.GOTENBERG_URL, source, { withinMs: PRINT_WITHIN_MS });
  } catch (error) {
    throw error instanceof PdfError ? unavailable(error.message, error) : error;
  }
}

const unavailable = (detail: string, cause?: unknown) =>
  new Problem("unavailable", detail, { headers: { "retry-after": "10" }, cause });
