/** A forgotten password: a code by mail, and a new password for the code. */
import { refuseForeignPage } from "../_shared/authenticate.ts";
import * as contract from "../_shared/contracts/auth.ts";
import { recover, setPassword, verifyRecovery } from "../_shared/auth_server.ts";
import { Problem } from "../_shared/errors.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { sessionCookies } from "../_shared/session.ts";
import { announcedSignIn } from "./announced.ts";
import { signedIn } from "./people.ts";
import { passwordRefused } from "./refusals.ts";
import { factorOf, signInReply } from "./second_factor.ts";

const tag = "Authentication";

export const recoveryRoutes: Route[] = [
  route({
    method: "POST",
    path: "/auth/recover",
    access: "public",
    tag,
    summary: "Ask for a code to choose a new password",
    description: "The same answer whether or not anybody has the address.",
    body: contract.recover,
    answers: { 202: { description: "If somebody has this address, a mail is on its way." } },
    async handle({ request, ip, body }) {
      await recover(body.email, { request, ip }).catch((error) => {
        // The auth server counts the mails to one address: to say so would be to say it exists.
        if (!(error instanceof Problem && error.code === "rate_limited")) throw error;
      });
      return { status: 202 };
    },
  }),

  route({
    method: "POST",
    path: "/auth/reset",
    access: "public",
    tag,
    summary: "Choose a new password with a code",
    description: "Signs in as well.",
    body: contract.reset,
    answers: {
      200: { description: "Changed, and signed in.", schema: contract.signedIn },
      202: {
        description: "Changed once a code of the second factor is proven.",
        schema: contract.codeAsked,
      },
    },
    async handle({ request, requestId, ip, body }) {
      refuseForeignPage(request);
      const client = { request, ip };
      const proof = { email: body.email, token: body.code };
      const proven = await announcedSignIn(
        { request, requestId, ip },
        body.email,
        (marked) => verifyRecovery(proof, marked),
      );
      if (!proven.ok) {
        throw new Problem("validation_failed", "This code is wrong or has run out.", {
          errors: [{ path: "code", code: "validation_failed", message: "Wrong, or run out." }],
        });
      }
      // The auth server lets nobody past the second factor, who forgot the first.
      if (factorOf(proven.value)) return await signInReply(proven.value, body.password);
      const changed = await setPassword(proven.value.access_token, body.password, client);
      if (!changed.ok) throw passwordRefused(changed.refusal);
      return { ...ok(await signedIn(proven.value)), setCookie: sessionCookies(proven.value) };
    },
  }),
];
