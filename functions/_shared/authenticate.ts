/** Who calls: a bearer token, or the portal's session cookie. */
import { errors, jwtVerify } from "jose";
import { callerOfKey, isApiKey } from "./api_keys.ts";
import type { Caller } from "./context.ts";
import { env } from "./env.ts";
import { Problem, unauthenticated } from "./errors.ts";
import { BoundedCache } from "./lru.ts";
import { provenance } from "./origin.ts";
import { clearedCookies, readSession, tokensOf } from "./session.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Tokens longer than this no auth server makes. */
const MAX_TOKEN_LENGTH = 16_384;
const secret = new TextEncoder().encode(env.JWT_SECRET);

/** A verification costs more than everything else here; it holds until the token expires. */
const verified = new BoundedCache<Caller>(5_000);

/**
 * Authenticates a request. An `Authorization` header decides alone: a bad one is not made good by a
 * cookie. A token anywhere else (the query string) is not looked at.
 * @param keep is given the `Set-Cookie` values that must go out with whatever is answered: a renewed
 * session's old tokens are used up, and one that no longer stands is to be forgotten.
 * @throws Problem 401 unauthenticated; 403 forbidden for a cookie's write from a foreign page.
 */
export async function authenticate(
  request: Request,
  keep: (setCookie: readonly string[]) => void,
): Promise<Caller> {
  const header = request.headers.get("authorization");
  if (header !== null) {
    const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
    if (token === undefined) throw unauthenticated("Send Authorization: Bearer <access token>.");
    if (isApiKey(token)) return callerOfKey(token, request.headers.get("x-forwarded-for"));
    return callerOf(token, "bearer");
  }
  if (tokensOf(request) === null) throw unauthenticated("Sign in first.");
  if (!SAFE_METHODS.has(request.method)) refuseForeignPage(request);
  const session = await readSession(request);
  try {
    const caller = await callerOf(session?.access_token ?? "", "cookie");
    keep(session?.setCookie ?? []);
    return caller;
  } catch (error) {
    if (error instanceof Problem) keep(clearedCookies(request));
    throw error;
  }
}

/**
 * Refuses a request that a browser sends from another site's page with the portal's cookie.
 * @throws Problem 403 forbidden.
 */
export function refuseForeignPage(request: Request): void {
  if (provenance(request.headers, env.PORTAL_URL) === "foreign") {
    throw new Problem("forbidden", "This is taken from the portal's own pages only.");
  }
}

/** The person behind an access token. */
async function callerOf(token: string, via: Caller["via"]): Promise<Caller> {
  if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated("This token is not valid.");
  const key = `${via} ${token}`;
  const known = verified.get(key);
  const caller = known ?? await verify(token, via);
  if (known === undefined) verified.set(key, caller, caller.expiresAt * 1_000);
  return caller;
}

async function verify(token: string, via: Caller["via"]): Promise<Caller> {
  try {
    const { payload } = await jwtVerify(token, secret, {
      algorithms: ["HS256"],
      requiredClaims: ["exp", "sub", "role"],
    });
    const { sub, exp, email } = payload;
    // What a key was exchanged for is PostgREST's; here the key itself is sent.
    if (payload["api_key_id"] !== undefined) throw unauthenticated("Send the API key itself.");
    // The anonymous and the service token are signed with the same secret and are nobody.
    if (payload["role"] !== "authenticated" || !UUID.test(sub ?? "")) {
      throw unauthenticated("This token is not a person's.");
    }
    return {
      id: (sub ?? "").toLowerCase(),
      keyId: null,
      email: typeof email === "string" ? email : null,
      claims: JSON.stringify(payload),
      expiresAt: exp ?? 0,
      via,
    };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw unauthenticated("This token has expired. Sign in again.");
    }
    if (error instanceof errors.JOSEError) throw unauthenticated("This token is not valid.");
    throw error;
  }
}
