/** The gateway's request handler: one door in front of auth, REST, functions and storage. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, Server, ServerOptions } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Upstreams } from "../part.ts";
import type { Keys } from "./gateway_access.ts";
import { corsHeaders, preflightHeaders } from "./gateway_cors.ts";
import { peerOf, requestIdOf, upstreamHeaders } from "./gateway_headers.ts";
import { Problem, problemDocument, sendProblem } from "./gateway_problem.ts";
import { createProxy } from "./gateway_proxy.ts";
import { matchRoute } from "./gateway_routes.ts";

export type GatewayOptions = {
  upstreams: Upstreams;
  keys: Keys;
  /** The portal's origin, whose pages may call across origins. */
  portal: string;
  /** An external Supabase has a gateway of its own that asks for the apikey again. */
  keepApikey: boolean;
  log(text: string): void;
};

/** Limits of the server itself: address and headers together, and the time a request may arrive in. */
export const GATEWAY_SERVER_OPTIONS = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 30_000,
  // Uploads of a slow connection pass here.
  requestTimeout: 30 * 60_000,
  keepAliveTimeout: 60_000,
  // Without a Host, the refusal is the gateway's own, with a request id.
  requireHostHeader: false,
} satisfies ServerOptions;

/** Makes the handler and what closes its connections to the parts. */
export function createGatewayHandler(options: GatewayOptions) {
  const proxy = createProxy();
  const bases = new Map<keyof Upstreams, URL>();
  const baseOf = (name: keyof Upstreams) => {
    const known = bases.get(name) ?? new URL(options.upstreams[name]);
    bases.set(name, known);
    return known;
  };

  async function pass(
    request: IncomingMessage,
    response: Parameters<RequestListener>[1],
    requestId: string,
  ): Promise<void> {
    if (request.headers.host === undefined) {
      throw new Problem("malformed_request", "The header Host is missing.");
    }
    const method = request.method ?? "GET";
    const { route, pathname, rest } = matchRoute(method, request.url ?? "");
    const preflight = preflightHeaders(request, options.portal);
    if (preflight) {
      response.writeHead(204, { ...preflight, "x-request-id": requestId });
      response.end();
      return;
    }
    const peer = peerOf(request);
    const apikey = request.headers.apikey;
    const caller = {
      apikey: Array.isArray(apikey) ? apikey.join(", ") : apikey,
      authorization: request.headers.authorization,
      peer,
    };
    const authorization = route.authorize(caller, pathname, options.keys);
    const base = baseOf(route.upstream);
    const basePath = base.pathname === "/" ? "" : base.pathname;
    await proxy.forward({
      request,
      response,
      origin: base.origin,
      path: `${basePath}${rest.startsWith("/") ? "" : "/"}${rest}`,
      headers: upstreamHeaders(request.headers, {
        peer,
        requestId,
        authorization,
        host: route.keepHost ? request.headers.host : undefined,
        keepApikey: options.keepApikey,
      }),
      ownHeaders: { ...corsHeaders(request, options.portal), "x-request-id": requestId },
      bodyLimit: route.bodyLimit,
    });
  }

  const listener: RequestListener = (request, response) => {
    const requestId = requestIdOf(request.headers);
    pass(request, response, requestId).catch((error: unknown) => {
      const problem =
        error instanceof Problem
          ? error
          : new Problem("unavailable", "The gateway could not pass the request on.", error);
      if (problem.code === "unavailable") {
        const line = { level: "warn", request_id: requestId, method: request.method };
        const path = request.url?.split("?", 1)[0];
        options.log(JSON.stringify({ ...line, path, error: String(problem.cause) }));
      }
      sendProblem(response, problem, requestId, corsHeaders(request, options.portal));
    });
  };
  return { listener, close: () => proxy.close() };
}

/** Answers what Node's parser refuses (too large, too slow, not HTTP) as a problem document too. */
export function answerClientErrors(server: Server): void {
  server.on("clientError", (error: Error & { code?: string }, socket: Duplex) => {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const { status, headers, body } =
      error.code === "HPE_HEADER_OVERFLOW"
        ? problemDocument("headers_too_large", "At most 32 KiB.", randomUUID())
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? problemDocument("request_timeout", "The request did not arrive in time.", randomUUID())
          : problemDocument("malformed_request", "This is not a valid request.", randomUUID());
    const lines = Object.entries({ ...headers, connection: "close" }).map(([k, v]) => `${k}: ${v}`);
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("\r\n")}\r\n\r\n${body}`,
    );
  });
}
