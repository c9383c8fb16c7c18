/** The people of the active tenant. */
import * as contract from "../_shared/contracts/tenancy.ts";
import { noContent, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { z } from "zod";
import { uuid } from "../_shared/contracts/common.ts";

const tag = "Team";
const params = z.object({ user_id: uuid() });

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/members",
    access: "viewer",
    tag,
    summary: "The members of the tenant",
    answers: { 200: { description: "Every one, owners first.", schema: contract.memberList } },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.list_members())::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "PATCH",
    path: "/members/:user_id",
    access: "admin",
    tag,
    summary: "Give a member another role",
    description: "Admins manage the roles below their own; only owners make and unmake owners.",
    params,
    body: contract.memberPatch,
    answers: { 200: { description: "The member as it is now.", schema: contract.member } },
    handle: ({ db, params, body }) =>
      db.answer<{ json: string }>(
        (sql) => sql`select public.set_member_role(${params.user_id}, ${body.role})::text as json`,
        ([row]) => okText(row?.json ?? ""),
      ),
  }),

  route({
    method: "DELETE",
    path: "/members/:user_id",
    access: "viewer",
    tag,
    summary: "Remove a member, or leave",
    description:
      "Anybody may leave; removing others is for admins and owners. The last owner stays.",
    params,
    answers: { 204: { description: "Removed." } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.remove_member(${params.user_id})`, noContent),
  }),
];
