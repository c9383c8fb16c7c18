/** Invitations to become a member. */
import { z } from "zod";
import { uuid } from "../_shared/contracts/common.ts";
import * as contract from "../_shared/contracts/tenancy.ts";
import { asOurselves } from "../_shared/db.ts";
import { env } from "../_shared/env.ts";
import { refusal } from "../_shared/refusal.ts";
import { noContent, ok, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { toldHeaders } from "../_shared/told_headers.ts";

const tag = "Team";
const portal = env.PORTAL_URL.replace(/\/+$/, "");

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/invitations",
    access: "admin",
    tag,
    summary: "The invitations nobody has taken yet",
    answers: { 200: { description: "Newest first.", schema: contract.invitationList } },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.list_invitations())::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/invitations",
    access: "admin",
    tag,
    summary: "Invite somebody by their address",
    description:
      "Inviting an address again makes a new token and voids the old one. The token is shown only here.",
    body: contract.newInvitation,
    answers: { 201: { description: "Invited.", schema: contract.createdInvitation } },
    handle: ({ db, body }) =>
      db.answer<{ made: z.input<typeof contract.createdInvitation> }>(
        (sql) => sql`select public.invite_member(${body.email}, ${body.role}) as made`,
        ([row]) =>
          ok({ ...row?.made, accept_url: `${portal}/invitations/${row?.made.token}` }, 201),
      ),
  }),

  route({
    method: "POST",
    path: "/invitations/look",
    access: "public",
    tag,
    summary: "Look at an invitation before accepting it",
    description: "Changes nothing, and takes no account: the token is enough.",
    body: contract.acceptInvitation,
    answers: {
      200: { description: "What it is about.", schema: contract.seenInvitation },
      404: refusal("There is no such invitation, or it was taken back"),
    },
    async handle({ request, requestId, body }) {
      const headers = JSON.stringify(toldHeaders(request, requestId));
      const [row] = await asOurselves<{ json: string }>(
        { claims: "", headers },
        (sql) => sql`select private.look_at_invitation(${body.token})::text as json`,
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/invitations/accept",
    access: "caller",
    tag,
    summary: "Accept an invitation",
    description: "Once, before it expires, and signed in with the address that was invited.",
    body: contract.acceptInvitation,
    answers: { 200: { description: "The tenant you now belong to.", schema: contract.tenant } },
    handle: ({ db, body }) =>
      db.answer<{ json: string }>(
        (sql) => sql`select public.accept_invitation(${body.token})::text as json`,
        ([row]) => okText(row?.json ?? ""),
      ),
  }),

  route({
    method: "DELETE",
    path: "/invitations/:id",
    access: "admin",
    tag,
    params: z.object({ id: uuid() }),
    summary: "Take an invitation back",
    answers: { 204: { description: "Taken back." } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.revoke_invitation(${params.id})`, noContent),
  }),
];
