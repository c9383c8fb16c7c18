/** Who calls: a bearer token, or the portal's session cookie. */
import { errors, jwtVerify } from "jose";
import type { Caller } from "./context.ts";
import { env } from "./env.ts";
import { Problem, unauthenticated } from "./errors.ts";
import { BoundedCache } from "./lru.ts";
import { provenance } from "./origin.ts";
import { readSession } from "./session.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Tokens longer than this no auth server makes. */
const MAX_TOKEN_LENGTH = 16_384;
const secret = new TextEncoder().encode(env.JWT_SECRET);

/** A verification costs more than everything else here; it holds until the token expires. */
const verified = new BoundedCache<Caller>(10_000);

/** The caller, and the cookies to send back when the session was renewed. */
export type Authentication = { readonly caller: Caller; readonly setCookie: readonly string[] };

/**
 * Authenticates a request. An `Authorization` header decides alone: a bad one is not made good by a
 * cookie. A token anywhere else (the query string) is not looked at.
 * @throws Problem 401 unauthenticated; 403 forbidden for a cookie's write from a foreign page.
 */
export async function authenticate(request: Request): Promise<Authentication> {
  const header = request.headers.get("authorization");
  if (header !== null) {
    const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
    if (token === undefined) throw unauthenticated("Send Authorization: Bearer <access token>.");
    return { caller: await callerOf(token, "bearer"), setCookie: [] };
  }
  const session = request.headers.has("cookie") ? await readSession(request) : null;
  if (session === null) throw unauthenticated("Sign in first.");
  if (
    !SAFE_METHODS.has(request.method) &&
    provenance(request.headers, env.PORTAL_URL) === "foreign"
  ) {
    throw new Problem("forbidden", "A session's changes are taken from the portal's pages only.");
  }
  const caller = await callerOf(session.access_token, "cookie");
  return { caller, setCookie: session.setCookie ?? [] };
}

/** The person behind a token. API keys (`kontor_…`) are told apart here. */
async function callerOf(token: string, via: Caller["via"]): Promise<Caller> {
  if (token.startsWith("kontor_")) throw unauthenticated("This API key is not known.");
  if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated("This token is not valid.");
  const key = `${via} ${token}`;
  const known = verified.get(key);
  if (known !== undefined) return known;
  const caller = await verify(token, via);
  verified.set(key, caller, caller.expiresAt * 1_000);
  return caller;
}

async function verify(token: string, via: Caller["via"]): Promise<Caller> {
  try {
    const { payload } = await jwtVerify(token, secret, {
      algorithms: ["HS256"],
      requiredClaims: ["exp", "sub", "role"],
    });
    const { sub, exp, email } = payload;
    // The anonymous and the service token are signed with the same secret and are nobody.
    if (payload["role"] !== "authenticated" || !UUID.test(sub ?? "")) {
      throw unauthenticated("This token is not a person's.");
    }
    return {
      id: (sub ?? "").toLowerCase(),
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
