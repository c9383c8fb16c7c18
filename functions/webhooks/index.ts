/** Webhooks: the endpoints of the active tenant, for its admins. */
import * as contract from "../_shared/contracts/webhooks.ts";
import type { Sql } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { notFound, Problem } from "../_shared/errors.ts";
import { type Listed, newestFirst, startAfter } from "../_shared/newest_first.ts";
import { noContent } from "../_shared/replies.ts";
import {
  changed,
  created,
  documentById,
  documentOf,
  expectedVersion,
  payload,
} from "../_shared/resource.ts";
import { type Route, route } from "../_shared/route.ts";
import { urlProblem } from "../_shared/webhook_address.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { makeSecret, withSecret } from "./secret.ts";

const tag = "Webhooks";
const view = (sql: Sql) => sql`private.webhook_documents`;
const endpoint = { description: "The endpoint", schema: contract.webhook };
const endpointWithSecret = {
  description: "The endpoint and, this once, its secret",
  schema: contract.webhookWithSecret,
};

/** @throws Problem 422 for an address that nothing would be sent to. */
function checkAddress(url: string | undefined): void {
  const message = url === undefined ? null : urlProblem(url, env.WEBHOOK_ALLOW_PRIVATE);
  if (message === null) return;
  const errors = [{ path: "url", code: "validation_failed", message }];
  throw new Problem("validation_failed", "Webhooks cannot be sent to this address.", { errors });
}

const endpointRoutes: Route[] = [
  route({
    method: "GET",
    path: "/webhooks",
    access: "admin",
    tag,
    summary: "List endpoints",
    description: "Newest first.",
    query: contract.webhookListQuery,
    answers: { 200: { description: "A page of endpoints", schema: contract.webhookList } },
    async handle({ db, query: { limit, cursor } }) {
      const before = startAfter(cursor, "webhooks");
      const [row] = await db.rows<{ listed: Listed }>((sql) =>
        sql`select private.list_webhooks(${limit}, ${before}::uuid) as listed`
      );
      return newestFirst(row?.listed ?? { count: 0, data: [] }, limit, "webhooks");
    },
  }),

  route({
    method: "POST",
    path: "/webhooks",
    access: "admin",
    tag,
    summary: "Add an endpoint",
    description: "Deliveries are signed as Standard Webhooks (standardwebhooks.com) has it. The " +
      "answer alone holds the secret.",
    body: contract.newWebhook,
    answers: { 201: endpointWithSecret },
    handle(context) {
      checkAddress(context.body.url);
      const { secret, sealed } = makeSecret();
      return context.db.answer(
        (sql) =>
          documentOf(sql, sql`private.create_webhook(${payload(sql, context.body)}, ${sealed})`),
        (rows) => withSecret(created(context, "/webhooks", rows), secret),
      );
    },
  }),

  route({
    method: "GET",
    path: "/webhooks/:id",
    access: "admin",
    tag,
    summary: "Get an endpoint",
    answers: { 200: endpoint },
    async handle({ db, params }) {
      const rows = await db.rows((sql) => documentById(sql, view(sql), params.id));
      if (rows.length === 0) throw notFound();
      // Never 304: how it fares changes without the version, which is what a person changes.
      return changed(rows);
    },
  }),

  route({
    method: "PATCH",
    path: "/webhooks/:id",
    access: "admin",
    tag,
    summary: "Change, pause or turn on an endpoint",
    description: "What waits for a paused endpoint is sent once it is on again.",
    body: contract.webhookPatch,
    ifMatch: true,
    answers: { 200: endpoint },
    handle(context) {
      const { db, params, body } = context;
      checkAddress(body.url);
      return db.answer(
        (sql) =>
          documentOf(
            sql,
            sql`private.update_webhook(${params.id}, ${payload(sql, body)}, ${
              expectedVersion(sql, context, view(sql), params.id)
            })`,
          ),
        changed,
      );
    },
  }),

  route({
    method: "DELETE",
    path: "/webhooks/:id",
    access: "admin",
    tag,
    summary: "Delete an endpoint",
    description: "And the log of its deliveries.",
    ifMatch: true,
    answers: { 204: { description: "It is gone" } },
    handle: (context) =>
      context.db.answer(
        (sql) =>
          sql`select private.delete_webhook(${context.params.id}, ${
            expectedVersion(sql, context, view(sql), context.params.id)
          })`,
        noContent,
      ),
  }),

  route({
    method: "POST",
    path: "/webhooks/:id/rotate",
    access: "admin",
    tag,
    summary: "Give an endpoint another secret",
    description: "For 24 hours deliveries carry the signatures of both.",
    answers: { 200: endpointWithSecret },
    handle({ db, params }) {
      const { secret, sealed } = makeSecret();
      return db.answer(
        (sql) => documentOf(sql, sql`private.rotate_webhook(${params.id}, ${sealed})`),
        (rows) => withSecret(changed(rows), secret),
      );
    },
  }),
];

export const routes: Route[] = [...deliveryRoutes, ...endpointRoutes];
