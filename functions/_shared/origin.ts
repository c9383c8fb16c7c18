/**
 * Whether a browser's write comes from the portal's own pages (protection against cross-site request
 * forgery, beside the cookie's `SameSite=Lax`).
 */

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** What the request's headers say about the page that sent it. */
export type Provenance = "portal" | "foreign" | "unknown";

/**
 * Judges `Origin`, and in its absence `Sec-Fetch-Site` (which scripts cannot set).
 * On loopback `localhost`, `127.0.0.1` and `[::1]` with the portal's port are one origin: they are
 * the same machine, and people type either.
 */
export function provenance(headers: Headers, portalUrl: string): Provenance {
  const origin = headers.get("origin");
  if (origin !== null) return sameOrigin(origin, portalUrl) ? "portal" : "foreign";
  const site = headers.get("sec-fetch-site");
  if (site === null) return "unknown";
  return site === "same-origin" ? "portal" : "foreign";
}

/**
 * Whether a write that rides on the session cookie may go on. A request that says nothing of its
 * page is refused: every browser of today sends `Origin` on a write, and a program that is not a
 * browser has bearer tokens.
 */
export function cookieWriteAllowed(request: Request, portalUrl: string): boolean {
  return SAFE_METHODS.has(request.method) || provenance(request.headers, portalUrl) === "portal";
}

/**
 * Whether a request that makes or ends a session may go on. Scripts without an `Origin` may sign in;
 * another site's page may not, lest it sign a visitor in as somebody else.
 */
export function signInAllowed(request: Request, portalUrl: string): boolean {
  return provenance(request.headers, portalUrl) !== "foreign";
}

function sameOrigin(origin: string, portalUrl: string): boolean {
  if (!URL.canParse(origin)) return false; // "null": a sandboxed page or a file
  const asked = new URL(origin);
  const own = new URL(portalUrl);
  if (asked.origin === own.origin) return true;
  return asked.protocol === own.protocol && asked.port === own.port &&
    LOOPBACK.has(asked.hostname) && LOOPBACK.has(own.hostname);
}
