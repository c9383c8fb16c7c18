/**
 * API keys at /rest/v1: PostgREST knows tokens only, so the functions are asked for one (as an Envoy in
 * production asks by its ext_authz filter). The database looks at the key itself in every request, so a
 * token may be used again for as long as it holds.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Problem } from "../../../site/server/http/problem.ts";

const MAX_TOKENS = 5_000;
const ANSWERS_WITHIN_MS = 5_000;
/** A token is not used in its last seconds: it must outlive its way to PostgREST. */
const MARGIN_MS = 20_000;

const answer = z.object({ access_token: z.string(), expires_in: z.number() });

export type KeyExchange = (key: string, peer: string, requestId: string) => Promise<string>;

/** The key in a request's headers, if there is one. */
export function apiKeyOf(authorization: string | undefined, apikey: string | undefined) {
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  return [bearer, apikey].find((text) => text?.startsWith("kontor_"));
}

/**
 * @param functions where the functions answer, /functions/v1 included.
 * @param serviceRoleKey by which they know the gateway.
 */
export function createKeyExchange(functions: string, serviceRoleKey: string): KeyExchange {
  // Under the keys' digests: a dump of this process's memory shows no keys that rest.
  const tokens = new Map<string, { token: string; until: number }>();
  return async (key, peer, requestId) => {
    const digest = createHash("sha256").update(key).digest("base64url");
    const known = tokens.get(digest);
    if (known && known.until > Date.now()) return known.token;
    const response = await fetch(`${functions}/api-keys/token`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        apikey: serviceRoleKey,
        "x-forwarded-for": peer,
        "x-request-id": requestId,
      },
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    }).catch((error: unknown) => {
      throw new Problem("unavailable", "API keys cannot be looked up just now.", error);
    });
    if (response.status === 401) {
      await response.body?.cancel();
      throw new Problem("unauthenticated", "This API key is not known, or no longer.");
    }
    if (!response.ok) {
      const problem = await response.text();
      throw new Problem("unavailable", "API keys cannot be looked up just now.", problem);
    }
    const { access_token, expires_in } = answer.parse(await response.json());
    if (tokens.size >= MAX_TOKENS) tokens.clear();
    tokens.set(digest, {
      token: access_token,
      until: Date.now() + expires_in * 1000 - MARGIN_MS,
    });
    return access_token;
  };
}
