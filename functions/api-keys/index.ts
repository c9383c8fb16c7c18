/** The keys of the active tenant's machines. */
import { z } from "zod";
import { exchangeKey, isApiKey } from "../_shared/api_keys.ts";
import * as contract from "../_shared/contracts/api_keys.ts";
import { uuid } from "../_shared/contracts/common.ts";
import { unauthenticated } from "../_shared/errors.ts";
import { refusal } from "../_shared/refusal.ts";
import { noContent, ok, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

const tag = "API keys";
const params = z.object({ id: uuid() });

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/api-keys",
    access: "admin",
    tag,
    summary: "The tenant's keys",
    answers: {
      200: { description: "Newest first, revoked ones too.", schema: contract.apiKeyList },
    },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.list_api_keys())::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/api-keys",
    access: "admin",
    tag,
    summary: "Make a key",
    description:
      "It acts for you in this tenant, with at most the role and the scopes given. The answer alone holds the key.",
    body: contract.newApiKey,
    answers: { 201: { description: "The key, this once.", schema: contract.madeApiKey } },
    handle: ({ db, body }) =>
      db.answer<{ json: string }>(
        (sql) => sql`select public.create_api_key(${sql.json(body)})::text as json`,
        ([row]) => okText(row?.json ?? "", 201),
      ),
  }),

  route({
    method: "POST",
    path: "/api-keys/token",
    access: "public",
    tag,
    summary: "A short-lived token for a key",
    description:
      "For the gateway of /rest/v1 alone, which sends the key as `Authorization: Bearer kontor_…` and the service key as `apikey`.",
    answers: {
      200: { description: "An access token.", schema: contract.exchanged },
      401: refusal("Not a live key, or not the gateway"),
    },
    async handle({ request, ip }) {
      const key = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
      if (!isApiKey(key)) throw unauthenticated("Send Authorization: Bearer <API key>.");
      const exchanged = await exchangeKey(key, request.headers.get("apikey"), ip);
      return { ...ok(exchanged), headers: { authorization: `Bearer ${exchanged.access_token}` } };
    },
  }),

  route({
    method: "DELETE",
    path: "/api-keys/:id",
    access: "admin",
    tag,
    summary: "Revoke a key",
    description: "At once: the next request with it is refused.",
    params,
    answers: { 204: { description: "It is no more." } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.revoke_api_key(${params.id})`, noContent),
  }),
];
