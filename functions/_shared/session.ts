/**
 * The session in a browser's cookie: read, renewed when its access token has run out, cleared when
 * the auth server no longer knows it.
 *
 * Whoever passes a browser's cookie on (the portal while it renders a page) must pass the answer's
 * `Set-Cookie` back to the browser: a renewal uses the old refresh token up.
 */
import { decodeJwt } from "jose";
import { type AuthSession, type Client, refresh } from "./auth_server.ts";
import type { Session } from "./context.ts";
import { env } from "./env.ts";
import { BoundedCache } from "./lru.ts";
import {
  clearSessionCookie,
  readSessionCookie,
  type SessionTokens,
  writeSessionCookie,
} from "./session_cookie.ts";

/** An access token this close to its end is renewed already: it must last for the request. */
const RENEW_BEFORE_SECONDS = 20;
/** While a renewal runs, and as long after it, everybody with the old token gets the same answer. */
const RENEWAL_TIMEOUT_MS = 20_000;
const RENEWAL_SHARED_MS = 10_000;
const MAX_RENEWALS = 10_000;

const secure = new URL(env.PORTAL_URL).protocol === "https:";
/** By the refresh token that is used up. Null: the auth server refused. */
const renewals = new BoundedCache<Promise<SessionTokens | null>>(MAX_RENEWALS);

/**
 * The session a request's cookie stands for; null without one. One that no longer stands comes back
 * with an empty access token.
 * @throws Problem unavailable when it must be renewed and the auth server does not answer.
 */
export async function readSession(request: Request): Promise<Session | null> {
  const tokens = tokensOf(request);
  if (tokens === null) return null;
  if (secondsLeft(tokens.accessToken) > RENEW_BEFORE_SECONDS) {
    return { access_token: tokens.accessToken };
  }
  const renewed = await renew(tokens.refreshToken, request);
  return renewed === null
    ? { access_token: "" }
    : { access_token: renewed.accessToken, setCookie: writeSessionCookie(renewed, secure) };
}

/** The access token of a request that was authenticated: its bearer's, or that of its cookie's session. */
export async function accessTokenOf(request: Request): Promise<string> {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  // One that was renewed for this request a moment ago is renewed by then: it is the same answer.
  return bearer ?? (await readSession(request))?.access_token ?? "";
}

/** The tokens in the request's cookie as they are, whether or not they still stand. */
export function tokensOf(request: Request): SessionTokens | null {
  return readSessionCookie(request.headers.get("cookie"), secure);
}

/** The `Set-Cookie` values that keep a session of the auth server in a browser. */
export function sessionCookies(session: AuthSession): string[] {
  return writeSessionCookie(toTokens(session), secure);
}

/** The `Set-Cookie` values that take the session out of the browser. */
export function clearedCookies(request: Request): string[] {
  return clearSessionCookie(request.headers.get("cookie"), secure);
}

/**
 * New tokens for a refresh token, null when it is refused. One refresh token is used once, however
 * many requests bring it at the same time: using it twice would end the session.
 */
export function renew(refreshToken: string, request: Request): Promise<SessionTokens | null> {
  const running = renewals.get(refreshToken);
  if (running !== undefined) return running;
  const renewal = askForTokens(refreshToken, {
    request,
    ip: request.headers.get("x-forwarded-for"),
  });
  const keep = (milliseconds: number) =>
    renewals.set(refreshToken, renewal, Date.now() + milliseconds);
  keep(RENEWAL_TIMEOUT_MS);
  renewal.then(() => keep(RENEWAL_SHARED_MS), () => keep(0));
  return renewal;
}

/** Seconds until an access token runs out; 0 or less when it has, or is none. Not a verification. */
export function secondsLeft(accessToken: string): number {
  try {
    return (decodeJwt(accessToken).exp ?? 0) - Date.now() / 1000;
  } catch {
    return 0;
  }
}

async function askForTokens(refreshToken: string, client: Client): Promise<SessionTokens | null> {
  const outcome = await refresh(refreshToken, client);
  return outcome.ok ? toTokens(outcome.value) : null;
}

function toTokens(session: AuthSession): SessionTokens {
  return { accessToken: session.access_token, refreshToken: session.refresh_token };
}
