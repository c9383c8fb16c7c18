/**
 * API keys (`kontor_<prefix>_<secret>`): who a machine is. The database looks at the key again in every
 * transaction, so what is remembered here only saves a round trip; a revoked key is refused at once.
 */
import { errors, jwtVerify, SignJWT } from "jose";
import type { Caller } from "./context.ts";
import { env } from "./env.ts";
import { unauthenticated } from "./errors.ts";
import { BoundedCache } from "./lru.ts";
import { sql } from "./pool.ts";

const KEY = /^kontor_[0-9a-f]{10}_[0-9a-f]{64}$/;
const REMEMBERED_MS = 30_000;
const TOKEN_SECONDS = 300;

type Found = { id: string; created_by: string; expires_at: string | null };

const secret = new TextEncoder().encode(env.JWT_SECRET);
const known = new BoundedCache<Caller & { readonly keyId: string }>(5_000);

/** Whether a bearer token is meant as an API key. */
export function isApiKey(token: string): boolean {
  return token.startsWith("kontor_");
}

/**
 * The person that a key acts for.
 * @param address the client's, noted as where the key was used last.
 * @throws Problem 401 unauthenticated.
 */
export async function callerOfKey(
  key: string,
  address: string | null,
): Promise<Caller & { readonly keyId: string }> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const [row] = KEY.test(key)
    ? await sql<{ found: Found | null }[]>`
      select private.find_api_key(${key}, ${address}::inet) as found`
    : [];
  const found = row?.found ?? null;
  if (found === null) throw unauthenticated("This API key is not known, or no longer.");
  const caller = {
    id: found.created_by,
    keyId: found.id,
    email: null,
    claims: JSON.stringify(claimsOf(found.created_by, found.id)),
    expiresAt: found.expires_at === null ? Infinity : Date.parse(found.expires_at) / 1_000,
    via: "bearer" as const,
  };
  known.set(key, caller, Math.min(Date.now() + REMEMBERED_MS, caller.expiresAt * 1_000));
  return caller;
}

/**
 * A token of five minutes at most that says the same as the key, for PostgREST. For the gateway alone,
 * who shows the service key: to the auth server the token is the person's own, and whoever held both
 * it and a key could change that person's password.
 * @throws Problem 401 unauthenticated.
 */
export async function exchangeKey(
  key: string,
  gatewayKey: string | null,
  address: string | null,
): Promise<{ access_token: string; expires_in: number }> {
  if (!await isServiceKey(gatewayKey ?? "")) {
    throw unauthenticated(
      "Keys are exchanged by the gateway alone. Send the key to /api or /rest/v1.",
    );
  }
  const { id, keyId, expiresAt } = await callerOfKey(key, address);
  const now = Math.floor(Date.now() / 1_000);
  const expires_in = Math.max(1, Math.min(TOKEN_SECONDS, Math.floor(expiresAt - now)));
  const access_token = await new SignJWT(claimsOf(id, keyId))
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(now)
    .setExpirationTime(now + expires_in)
    .sign(secret);
  return { access_token, expires_in };
}

/** Whether a key is the service key: by it we know our own gateway. */
export async function isServiceKey(token: string): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(token, secret, { algorithms: ["HS256"] });
    return payload["role"] === "service_role";
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

function claimsOf(person: string, key: string) {
  return { sub: person, role: "authenticated", api_key_id: key };
}
