/** What was sent to a webhook's endpoint, and sending it again. */
import * as contract from "../_shared/contracts/webhooks.ts";
import { type Listed, newestFirst, startAfter } from "../_shared/newest_first.ts";
import { okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

const tag = "Webhooks";

type Row = { json: string };

export const deliveryRoutes: Route[] = [
  route({
    method: "GET",
    path: "/webhooks/deliveries/:id",
    access: "admin",
    tag,
    summary: "Get a delivery",
    description: "With what is sent and what each attempt brought. Kept for 30 days.",
    answers: { 200: { description: "The delivery", schema: contract.deliveryDetail } },
    async handle({ db, params }) {
      const [row] = await db.rows<Row>((sql) =>
        sql`select private.show_delivery(${params.id})::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/webhooks/deliveries/:id/replay",
    access: "admin",
    tag,
    summary: "Send a delivery again",
    description: "Whatever became of it, under the webhook-id that it had.",
    answers: { 202: { description: "It waits to be sent", schema: contract.delivery } },
    handle: ({ db, params }) =>
      db.answer<Row>(
        (sql) => sql`select private.replay_delivery(${params.id})::text as json`,
        ([row]) => okText(row?.json ?? "", 202),
      ),
  }),

  route({
    method: "GET",
    path: "/webhooks/:id/deliveries",
    access: "admin",
    tag,
    summary: "List an endpoint's deliveries",
    description: "Newest first.",
    query: contract.deliveryListQuery,
    answers: { 200: { description: "A page of deliveries", schema: contract.deliveryList } },
    async handle({ db, params, query: { limit, cursor, status = null } }) {
      const binding = JSON.stringify(["deliveries", params.id, status]);
      const before = startAfter(cursor, binding);
      const [row] = await db.rows<{ listed: Listed }>((sql) =>
        sql`
          select private.list_deliveries(${params.id}, ${status}, ${limit}, ${before}::uuid) as listed`
      );
      return newestFirst(row?.listed ?? { count: 0, data: [] }, limit, binding);
    },
  }),

  route({
    method: "POST",
    path: "/webhooks/:id/replay",
    access: "admin",
    tag,
    summary: "Send again what failed",
    description: "All failed deliveries since a time.",
    body: contract.replaySince,
    answers: { 202: { description: "How many wait to be sent", schema: contract.replayed } },
    handle: ({ db, params, body }) =>
      db.answer<Row>(
        (sql) =>
          sql`
            select private.replay_failed(${params.id}, ${body.since}::text::timestamptz)::text as json`,
        ([row]) => okText(row?.json ?? "", 202),
      ),
  }),

  route({
    method: "POST",
    path: "/webhooks/:id/test",
    access: "admin",
    tag,
    summary: "Send a test event",
    description: "One webhook.test, tried once; its data is the endpoint itself.",
    answers: {
      202: { description: "The delivery, which waits to be sent", schema: contract.delivery },
    },
    handle: ({ db, params }) =>
      db.answer<Row>(
        (sql) => sql`select private.test_webhook(${params.id})::text as json`,
        ([row]) => okText(row?.json ?? "", 202),
      ),
  }),
];
