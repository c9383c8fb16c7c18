/** Cross-origin rules of the gateway: the portal and pages served from this machine. */
import type { IncomingMessage } from "node:http";

/** A page that a developer serves from this machine. */
const LOCAL_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** What a script may read of an answer, beyond what browsers always allow. */
const EXPOSED = [
  "Content-Disposition",
  "Content-Encoding",
  "Content-Length",
  "Content-Location",
  "Content-Range",
  "ETag",
  "Idempotency-Replayed",
  "Location",
  "Preference-Applied",
  "Retry-After",
  "X-Request-Id",
  "X-Supabase-Api-Version",
].join(", ");

const HEADER_NAMES = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2000}$/;

/** How long a browser may keep the answer to a preflight, in seconds. */
const MAX_AGE_SECONDS = "600";

function allowedOrigin(request: IncomingMessage, portal: string): string | undefined {
  const origin = request.headers.origin;
  if (origin === undefined) return undefined;
  return origin === portal || LOCAL_ORIGIN.test(origin) ? origin : undefined;
}

/** The headers every answer carries; without an allowed origin only `vary`. */
export function corsHeaders(request: IncomingMessage, portal: string): Record<string, string> {
  const origin = allowedOrigin(request, portal);
  if (origin === undefined) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED,
  };
}

/** The headers that answer a preflight, or undefined when the request is none. */
export function preflightHeaders(
  request: IncomingMessage,
  portal: string,
): Record<string, string> | undefined {
  const { headers, method } = request;
  if (method !== "OPTIONS" || headers["access-control-request-method"] === undefined) {
    return undefined;
  }
  const base = corsHeaders(request, portal);
  if (base["access-control-allow-origin"] === undefined) return base;
  const asked = headers["access-control-request-headers"];
  return {
    ...base,
    vary: "Origin, Access-Control-Request-Headers",
    "access-control-allow-methods": METHODS,
    "access-control-max-age": MAX_AGE_SECONDS,
    ...(asked !== undefined && HEADER_NAMES.test(asked)
      ? { "access-control-allow-headers": asked }
      : {}),
  };
}
