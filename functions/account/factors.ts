/** The second factor: an app's one-time codes beside the password. Where the auth server has none, 404. */
import { z } from "zod";
import { enrolFactor, removeFactor, verifyFactor } from "../_shared/auth_factors.ts";
import { type Client, ownUser, type Refusal } from "../_shared/auth_server.ts";
import * as contract from "../_shared/contracts/account.ts";
import { signedIn as signedInAnswer } from "../_shared/contracts/auth.ts";
import { uuid } from "../_shared/contracts/common.ts";
import { notFound, Problem, unauthenticated } from "../_shared/errors.ts";
import { noContent, ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { accessTokenOf, sessionCookies } from "../_shared/session.ts";
import { signedIn } from "../auth/people.ts";
import { codeRefused } from "../auth/second_factor.ts";
import { offersFactors } from "./offer.ts";

const tag = "Account";
const params = z.object({ id: uuid() });

export const factorRoutes: Route[] = [
  route({
    method: "POST",
    path: "/account/factors",
    access: "caller",
    tag,
    summary: "Begin with a second factor",
    description:
      "Shows the secret for an authenticator app, once. The factor counts when a code of it was verified. 404 where the auth server offers none.",
    body: contract.newFactor,
    answers: { 201: { description: "To be verified.", schema: contract.enrolledFactor } },
    async handle({ request, ip, body }) {
      const client = { request, ip };
      const token = await accessTokenOf(request);
      await requireOffer(client);
      await dropUnverified(token, client);
      const names = { friendly_name: body.label ?? "Authenticator app", issuer: "Kontor" };
      const made = await enrolFactor(token, names, client);
      if (!made.ok) throw refused(made.refusal);
      const { id, totp } = made.value;
      return ok({ id, ...totp } satisfies contract.EnrolledFactor, 201);
    },
  }),

  route({
    method: "POST",
    path: "/account/factors/:id/verify",
    access: "caller",
    tag,
    params,
    summary: "Prove a second factor with a code",
    description: "Signing in asks for a code from then on. Your other sessions end.",
    body: contract.factorCode,
    answers: { 200: { description: "The session, with new tokens.", schema: signedInAnswer } },
    async handle({ request, ip, params, body, caller }) {
      const client = { request, ip };
      await requireOffer(client);
      const token = await accessTokenOf(request);
      const proven = await verifyFactor(token, params.id, body.code, client);
      if (!proven.ok) throw codeRefused(proven.refusal);
      const cookies = caller.via === "cookie" ? { setCookie: sessionCookies(proven.value) } : {};
      return { ...ok(await signedIn(proven.value)), ...cookies };
    },
  }),

  route({
    method: "DELETE",
    path: "/account/factors/:id",
    access: "caller",
    tag,
    params,
    summary: "Take a second factor away",
    answers: { 204: { description: "Gone: signing in asks for it no longer." } },
    async handle({ request, ip, params }) {
      const client = { request, ip };
      await requireOffer(client);
      const removed = await removeFactor(await accessTokenOf(request), params.id, client);
      if (!removed.ok) throw refused(removed.refusal);
      return noContent();
    },
  }),
];

async function requireOffer(client: Client): Promise<void> {
  if (!(await offersFactors(client))) throw notFound("The auth server offers no second factor.");
}

/** What was begun and never verified only fills the list of those allowed. */
async function dropUnverified(token: string, client: Client): Promise<void> {
  const found = await ownUser(token, client);
  if (!found.ok) throw unauthenticated("This session has ended. Sign in again.");
  for (const { id, status } of found.value.factors ?? []) {
    if (status !== "verified") await removeFactor(token, id, client);
  }
}

function refused({ code, message }: Refusal): Problem {
  if (code === "mfa_factor_not_found" || code === "not_found") {
    return notFound("There is no such second factor.");
  }
  if (code === "insufficient_aal") {
    return new Problem("forbidden", "Sign in again with a code first.");
  }
  return new Problem("conflict", message || "The auth server refused it.");
}
