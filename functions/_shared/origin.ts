/**
 * Whether a browser's write comes from the portal's own pages (protection against cross-site request
 * forgery, beside the cookie's `SameSite=Lax`).
 */

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * What the request's headers say about the page that sent it. `unknown` is no page: every browser of
 * today sends `Origin` with a cross-site write, so a request with neither header comes from a program,
 * which can set any header anyway.
 */
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

function sameOrigin(origin: string, portalUrl: string): boolean {
  if (!URL.canParse(origin)) return false; // "null": a sandboxed page or a file
  const asked = new URL(origin);
  const own = new URL(portalUrl);
  if (asked.origin === own.origin) return true;
  return asked.protocol === own.protocol && asked.port === own.port &&
    LOOPBACK.has(asked.hostname) && LOOPBACK.has(own.hostname);
}
