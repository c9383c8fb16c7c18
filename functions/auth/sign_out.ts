import { announcedSignOut } from "./announced.ts";
import { type Client, signOut } from "../_shared/auth_server.ts";
import { Problem } from "../_shared/errors.ts";
import { log } from "../_shared/log.ts";
import { clearedCookies, renew, secondsLeft, tokensOf } from "../_shared/session.ts";

/**
 * Ends the session that a request brings, so that its refresh token is void, and gives the
 * `Set-Cookie` values that take it out of the browser. No session, or one that has ended: no fault.
 * @throws Problem unavailable when a bearer's session could not be ended.
 */
export async function endSession(
  client: Client & { readonly requestId: string },
): Promise<string[]> {
  const { request } = client;
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (bearer !== undefined) {
    await end(bearer, client);
    return [];
  }
  const tokens = tokensOf(request);
  try {
    // The auth server ends a session for a living access token only.
    const living = tokens === null || secondsLeft(tokens.accessToken) > 0
      ? tokens
      : await renew(tokens.refreshToken, request);
    if (living !== null) await end(living.accessToken, client);
  } catch (error) {
    // Nobody but the browser holds the cookie's tokens: taken out of it, they are gone.
    if (!(error instanceof Problem)) throw error;
    log.warn({ err: error }, "a session was not ended at the auth server");
  }
  return request.headers.has("cookie") ? clearedCookies(request) : [];
}

async function end(
  accessToken: string,
  client: Client & { readonly requestId: string },
): Promise<void> {
  await announcedSignOut(client, accessToken, () => signOut(accessToken, client));
}
