/**
 * Signing in of who has a second factor, in two steps. The password gives a session that is worth
 * nothing yet (private.custom_access_token); its tokens leave the functions sealed, as a ticket.
 */
import { z } from "zod";
import { verifyFactor } from "../_shared/auth_factors.ts";
import {
  type AuthFactor,
  type AuthSession,
  type Client,
  type Refusal,
  setPassword,
} from "../_shared/auth_server.ts";
import { refuseForeignPage } from "../_shared/authenticate.ts";
import * as contract from "../_shared/contracts/auth.ts";
import type { Reply } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { Problem } from "../_shared/errors.ts";
import { refusal } from "../_shared/refusal.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { makeSealer } from "../_shared/sealer.ts";
import { sessionCookies } from "../_shared/session.ts";
import { announcedSignIn } from "./announced.ts";
import { signedIn } from "./people.ts";
import { passwordRefused } from "./refusals.ts";

/** As long as somebody takes to find their phone. */
const TICKET_LIFE_MS = 5 * 60_000;

const { seal, unseal } = makeSealer(env.JWT_SECRET, "kontor sign-in tickets");

const ticket = z.object({
  access_token: z.string(),
  email: z.string(),
  factor_id: z.guid(),
  /** To be set once the factor is proven: who forgot theirs had to wait for it. */
  password: z.string().optional(),
  until: z.number(),
});

/** Signs somebody in, or answers with a ticket when a second factor has to be proven first. */
export async function signInReply(session: AuthSession, password?: string): Promise<Reply> {
  const factor = factorOf(session);
  if (factor === undefined) {
    return { ...ok(await signedIn(session)), setCookie: sessionCookies(session) };
  }
  const until = Date.now() + TICKET_LIFE_MS;
  const contents: z.infer<typeof ticket> = {
    access_token: session.access_token,
    email: session.user.email,
    factor_id: factor.id,
    until,
    ...(password === undefined ? {} : { password }),
  };
  const asked: contract.CodeAsked = {
    session: null,
    ticket: seal(JSON.stringify(contents)),
    expires_at: new Date(until).toISOString(),
  };
  return ok(asked, 202);
}

/** The second factor that a session's person has to prove. */
export function factorOf({ user }: AuthSession): AuthFactor | undefined {
  return user.factors?.find((one) => one.status === "verified" && one.factor_type === "totp");
}

/** Why a code was not taken. */
export function codeRefused({ code, message }: Refusal): Problem {
  if (code === "mfa_factor_not_found" || code === "not_found") {
    return new Problem("not_found", "There is no such second factor.");
  }
  const wrong = code === "mfa_verification_failed" || code === "mfa_challenge_expired";
  const why = wrong ? "This code is wrong or has run out." : message || "Not accepted.";
  return new Problem("validation_failed", why, {
    errors: [{ path: "code", code: "validation_failed", message: why }],
  });
}

export const codeRoute: Route = route({
  method: "POST",
  path: "/auth/signin/code",
  access: "public",
  tag: "Authentication",
  summary: "Prove the second factor with a code",
  description: "After a sign-in, or a new password, that was answered with a ticket.",
  body: contract.signInCode,
  answers: {
    200: {
      description: "Signed in; the session is also set as a cookie.",
      schema: contract.signedIn,
    },
    401: refusal("The ticket has run out: begin again"),
    403: refusal("Another site's page asks"),
    429: refusal("Too many attempts"),
  },
  async handle({ request, requestId, ip, body }) {
    refuseForeignPage(request);
    const { access_token, email, factor_id, password } = opened(body.ticket);
    const client: Client = { request, ip };
    // Who has the password and guesses codes is in the log, too.
    const proven = await announcedSignIn(
      { request, requestId, ip },
      email,
      (announced) => verifyFactor(access_token, factor_id, body.code, announced),
    );
    if (!proven.ok) throw codeRefused(proven.refusal);
    if (password !== undefined) {
      const changed = await setPassword(proven.value.access_token, password, client);
      if (!changed.ok) throw passwordRefused(changed.refusal);
    }
    return { ...ok(await signedIn(proven.value)), setCookie: sessionCookies(proven.value) };
  },
});

function opened(sealed: string): z.infer<typeof ticket> {
  const text = unseal(sealed);
  const contents = text === null ? null : ticket.parse(JSON.parse(text));
  if (contents === null || contents.until < Date.now()) {
    throw new Problem("unauthenticated", "This took too long. Sign in again from the start.");
  }
  return contents;
}
