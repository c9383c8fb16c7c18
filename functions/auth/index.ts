/** Signing up, in and out, and who one is. `/auth/v1` beside this is Supabase Auth itself. */
import { refuseForeignPage } from "../_shared/authenticate.ts";
import * as contract from "../_shared/contracts/auth.ts";
import { signIn, signUp } from "../_shared/auth_server.ts";
import { unauthenticated } from "../_shared/errors.ts";
import { refusal } from "../_shared/refusal.ts";
import { ok, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { sessionCookies } from "../_shared/session.ts";
import { announcedSignIn } from "./announced.ts";
import { signedIn, whoAmI } from "./people.ts";
import { recoveryRoutes } from "./recovery.ts";
import { signInRefused, signUpRefused } from "./refusals.ts";
import { codeRoute, signInReply } from "./second_factor.ts";
import { endSession } from "./sign_out.ts";

const tag = "Authentication";

export const routes: Route[] = [
  route({
    method: "POST",
    path: "/auth/signup",
    access: "public",
    tag,
    summary: "Sign up",
    description:
      "Signs in at once where addresses need no confirmation; otherwise a mail asks for it.",
    body: contract.signUp,
    answers: {
      201: {
        description: "Signed up and in; the session is also set as a cookie.",
        schema: contract.signedIn,
      },
      202: {
        description: "A mail asks to confirm the address.",
        schema: contract.confirmationAsked,
      },
      403: refusal("Signing up is not open here, or another site's page asks"),
      409: refusal("The address is taken"),
      429: refusal("Too many attempts"),
    },
    async handle({ request, ip, body }) {
      refuseForeignPage(request);
      const name = body.name?.trim() || null;
      const { email, password, locale } = body;
      const data = { ...(name ? { name } : {}), ...(locale ? { locale } : {}) };
      const outcome = await signUp({ email, password, data }, { request, ip });
      if (!outcome.ok) throw signUpRefused(outcome.refusal);
      if (!("access_token" in outcome.value)) {
        const user = { id: outcome.value.id, email: outcome.value.email, name };
        return ok({ user, session: null } satisfies contract.ConfirmationAsked, 202);
      }
      return {
        ...ok(await signedIn(outcome.value), 201),
        setCookie: sessionCookies(outcome.value),
      };
    },
  }),

  route({
    method: "POST",
    path: "/auth/signin",
    access: "public",
    tag,
    summary: "Sign in",
    body: contract.signIn,
    answers: {
      200: {
        description: "Signed in; the session is also set as a cookie.",
        schema: contract.signedIn,
      },
      202: {
        description: "The password is right, and a code of the second factor is needed as well.",
        schema: contract.codeAsked,
      },
      401: refusal("The address or the password is wrong"),
      403: refusal("The address is not confirmed yet, or another site's page asks"),
      429: refusal("Too many attempts"),
    },
    async handle({ request, requestId, ip, body }) {
      refuseForeignPage(request);
      const asking = { request, requestId, ip };
      const outcome = await announcedSignIn(asking, body.email, (client) => signIn(body, client));
      if (!outcome.ok) throw signInRefused(outcome.refusal);
      return await signInReply(outcome.value);
    },
  }),
  codeRoute,

  route({
    method: "POST",
    path: "/auth/signout",
    access: "public",
    tag,
    summary: "Sign out",
    description:
      "Ends the session of the cookie or the bearer token. Without one: 204 all the same.",
    answers: { 204: { description: "Signed out." } },
    async handle({ request, requestId, ip }) {
      refuseForeignPage(request);
      return { status: 204, setCookie: await endSession({ request, requestId, ip }) };
    },
  }),

  route({
    method: "GET",
    path: "/auth/session",
    access: "caller",
    tag,
    summary: "Who is signed in, and their tenants",
    answers: { 200: { description: "The person and their tenants.", schema: contract.session } },
    async handle({ db }) {
      const [row] = await db.rows(whoAmI);
      if (!row?.json) throw unauthenticated("This account no longer exists.");
      return okText(row.json);
    },
  }),

  ...recoveryRoutes,
];
