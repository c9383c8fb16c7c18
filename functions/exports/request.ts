/** `POST /<collection>/export`: asks for a file of what a list holds. */
import type { z } from "zod";
import { exportRequested } from "../_shared/contracts/exports.ts";
import { okText } from "../_shared/replies.ts";
import { payload } from "../_shared/resource.ts";
import { type Route, route } from "../_shared/route.ts";

/**
 * The route of one collection; it belongs before `/<collection>/:id/…`.
 * @param body the collection's own: what it gives goes to the database as it is.
 */
export function exportRoute(
  collection: "orders" | "customers" | "products",
  tag: string,
  body: z.ZodType,
): Route {
  return route({
    method: "POST",
    path: `/${collection}/export`,
    access: "member",
    tag,
    summary: `Export ${collection} as a file`,
    description: "Answers at once; the file is made in the background (`GET /exports/:id`). " +
      "It holds what the caller's list holds at that moment, with the same filters, search and sort.",
    body,
    answers: { 202: { description: "The export, queued", schema: exportRequested } },
    handle: (context) =>
      context.db.answer<{ json: string; id: string }>(
        (sql) =>
          sql`select made::text as json, made ->> 'id' as id
            from public.request_export(${payload(sql, context.body)}) as made`,
        ([row]) => ({
          ...okText(`{"export":${row?.json}}`, 202),
          headers: { location: `${context.prefix}/exports/${row?.id}` },
        }),
      ),
  });
}
