/** The active tenant's database logins. */
import { z } from "zod";
import * as contract from "../_shared/contracts/analysts.ts";
import { env } from "../_shared/env.ts";
import { noContent, ok, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { queryRoutes } from "./query.ts";

const tag = "Analysts";
const params = z.object({ role_name: contract.roleName });

const made = z.object({ role_name: z.string(), password: z.string() });

/** What the database answered, with the address that the login is used at. */
function login(row: { login: unknown } | undefined): z.infer<typeof contract.analystLogin> {
  const { role_name, password } = made.parse(row?.login);
  const url = new URL(env.ANALYSTS_DATABASE_URL ?? env.DATABASE_URL);
  url.username = role_name;
  url.password = password;
  return { role_name, password, connection_string: url.href };
}

export const routes: Route[] = [
  ...queryRoutes,

  route({
    method: "GET",
    path: "/analysts",
    access: "admin",
    tag,
    summary: "The tenant's database logins",
    answers: {
      200: { description: "Newest first, revoked ones too.", schema: contract.analystList },
    },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.list_analysts())::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/analysts",
    access: "admin",
    tag,
    summary: "Make a database login",
    description:
      "It reads the tenant's analytics views and nothing else. The answer alone holds its password.",
    body: contract.newAnalyst,
    answers: { 201: { description: "The login, this once.", schema: contract.analystLogin } },
    handle: ({ db, body }) =>
      db.answer<{ login: unknown }>(
        (sql) =>
          sql`select public.create_analyst(
            ${body.label}, ${body.expires_at ?? null}::timestamptz) as login`,
        ([row]) => ok(login(row), 201),
      ),
  }),

  route({
    method: "POST",
    path: "/analysts/:role_name/rotate",
    access: "admin",
    tag,
    params,
    summary: "Give a login a new password",
    description: "Connections that are open with the old one are closed.",
    answers: { 200: { description: "The login, this once.", schema: contract.analystLogin } },
    handle: ({ db, params }) =>
      db.answer<{ login: unknown }>(
        (sql) => sql`select public.rotate_analyst(${params.role_name}) as login`,
        ([row]) => ok(login(row)),
      ),
  }),

  route({
    method: "DELETE",
    path: "/analysts/:role_name",
    access: "admin",
    tag,
    params,
    summary: "Revoke a login",
    description: "Its open connections are closed.",
    answers: { 204: { description: "It is no more." } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.revoke_analyst(${params.role_name})`, noContent),
  }),
];
