/** Which headers pass a server of ours that hands requests on, in both directions. */
import type { IncomingHttpHeaders } from "node:http";

/** Headers about one connection, not about the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What proxies say about a client, and what a client must therefore not say itself. */
const CLAIMS_ABOUT_CLIENT = /^(x-forwarded-.*|forwarded|x-real-ip|x-client-ip|true-client-ip)$/;

/** Of a trace only `traceparent` goes on: the rest is for whatever a client likes to write. */
const ABOUT_TRACE: ReadonlySet<string> = new Set(["baggage", "sentry-trace", "tracestate"]);

function namedByConnection(headers: IncomingHttpHeaders): ReadonlySet<string> {
  const names = headers.connection?.toLowerCase().split(",") ?? [];
  return new Set(names.map((name) => name.trim()));
}

/**
 * The headers to send upstream. `authorization` replaces the caller's, undefined takes it away;
 * `false` leaves it alone (a signature). `host` undefined lets the client name the upstream.
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  set: {
    peer: string;
    requestId: string;
    authorization: string | undefined | false;
    host: string | undefined;
    keepApikey: boolean;
  },
): Record<string, string | string[]> {
  const perConnection = namedByConnection(headers);
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || perConnection.has(name)) continue;
    if (CLAIMS_ABOUT_CLIENT.test(name) || ABOUT_TRACE.has(name) || name === "host") continue;
    if (name === "apikey" && !set.keepApikey) continue;
    if (name === "authorization" && set.authorization !== false) continue;
    result[name] = value;
  }
  if (typeof set.authorization === "string") result.authorization = set.authorization;
  if (set.host !== undefined) result.host = set.host;
  result["x-forwarded-for"] = set.peer;
  result["x-request-id"] = set.requestId;
  return result;
}

/** The headers to send back: the upstream's, without what is ours to say. */
export function downstreamHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  own: Readonly<Record<string, string>>,
): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || name.startsWith("access-control-")) continue;
    result[name] = value;
  }
  const vary = [result.vary, own.vary].flat().filter((part) => part !== undefined);
  Object.assign(result, own);
  if (vary.length > 0) result.vary = vary.join(", ");
  return result;
}
