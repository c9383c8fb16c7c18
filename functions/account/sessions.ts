/** Where somebody is signed in. */
import { z } from "zod";
import { ownSessionList } from "../_shared/contracts/account.ts";
import { uuid } from "../_shared/contracts/common.ts";
import { noContent, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

const tag = "Account";
const HOW =
  "It cannot be renewed from then on, and its access token is taken no longer, here and at /rest/v1.";

export const sessionRoutes: Route[] = [
  route({
    method: "GET",
    path: "/account/sessions",
    access: "caller",
    tag,
    summary: "Where you are signed in",
    answers: {
      200: { description: "The present session first.", schema: ownSessionList },
    },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.my_sessions())::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "DELETE",
    path: "/account/sessions",
    access: "caller",
    tag,
    summary: "Sign out everywhere else",
    description: `Ends every session but the one that asks. ${HOW}`,
    answers: { 204: { description: "Signed out." } },
    handle: ({ db }) => db.answer((sql) => sql`select public.end_sessions() as ended`, noContent),
  }),

  route({
    method: "DELETE",
    path: "/account/sessions/:id",
    access: "caller",
    tag,
    params: z.object({ id: uuid() }),
    summary: "Sign out of one session",
    description: HOW,
    answers: { 204: { description: "Signed out." } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.end_sessions(${params.id}) as ended`, noContent),
  }),
];
