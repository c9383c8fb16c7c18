/** An order to its customer: the database writes the mail down, a task prints and sends it. */
import { orderSend, orderSent } from "../_shared/contracts/jobs.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

export const sendOrder: Route = route({
  method: "POST",
  path: "/orders/:id/send",
  access: "member",
  tag: "Orders",
  summary: "Mail the order's confirmation",
  description: "To its customer, or to another address, with the PDF of `GET /orders/{id}/pdf`. " +
    "429 after 500 mails within an hour.",
  body: orderSend,
  answers: {
    202: { description: "It is on its way; its log says what became of it", schema: orderSent },
  },
  handle: ({ db, params, body: { to = null, note = null } }) =>
    db.answer<{ email: unknown }>(
      (sql) => sql`select public.send_order(${params.id}::uuid, ${to}, ${note}) as email`,
      ([row]) => ok({ email: row?.email }, 202),
    ),
});
