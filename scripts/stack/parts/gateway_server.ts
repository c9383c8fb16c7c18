/** The gateway's request handler: one door in front of auth, REST, functions and storage. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createAddressOf } from "../../../site/server/http/address.ts";
import { createForwarder } from "../../../site/server/http/forward.ts";
import { upstreamHeaders } from "../../../site/server/http/headers.ts";
import { type Answering, answering, requireHost } from "../../../site/server/http/server.ts";
import type { Upstreams } from "../part.ts";
import type { Keys } from "./gateway_access.ts";
import { apiKeyOf, createKeyExchange } from "./gateway_api_keys.ts";
import { corsHeaders, preflightHeaders } from "./gateway_cors.ts";
import { createRefusals, isWrite } from "./gateway_refusals.ts";
import { matchRoute } from "./gateway_routes.ts";

export type GatewayOptions = {
  upstreams: Upstreams;
  keys: Keys;
  /** The portal's origin, whose pages may call across origins. */
  portal: string;
  /** Whose word about the client's address counts. */
  trustedProxies: readonly string[];
  /** An external Supabase has a gateway of its own that asks for the apikey again. */
  keepApikey: boolean;
  log: Answering["log"];
};

/** Makes the handler and what closes its connections to the parts. */
export function createGatewayHandler(options: GatewayOptions) {
  const forwarder = createForwarder();
  const exchangeKey = createKeyExchange(options.upstreams.functions, options.keys.serviceRoleKey);
  const noteRefusal = createRefusals(
    options.upstreams.functions,
    options.keys.serviceRoleKey,
    options.log,
  );
  const addressOf = createAddressOf(options.trustedProxies);
  const bases = new Map<keyof Upstreams, URL>();
  const baseOf = (name: keyof Upstreams) => {
    const known = bases.get(name) ?? new URL(options.upstreams[name]);
    bases.set(name, known);
    return known;
  };

  async function pass(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    requireHost(request);
    const method = request.method ?? "GET";
    const { route, pathname, rest } = matchRoute(method, request.url ?? "");
    const preflight = preflightHeaders(request, options.portal);
    if (preflight) {
      response.writeHead(204, { ...preflight, "x-request-id": requestId });
      response.end();
      return;
    }
    const peer = addressOf(request);
    const apikey = request.headers.apikey;
    const caller = {
      apikey: Array.isArray(apikey) ? apikey.join(", ") : apikey,
      authorization: request.headers.authorization,
      peer,
    };
    const key = route.takesApiKeys ? apiKeyOf(caller.authorization, caller.apikey) : undefined;
    const authorization =
      key === undefined
        ? route.authorize(caller, pathname, options.keys)
        : `Bearer ${await exchangeKey(key, peer, requestId)}`;
    const base = baseOf(route.upstream);
    const basePath = base.pathname === "/" ? "" : base.pathname;
    await forwarder.forward({
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
      through:
        route.upstream === "rest" && isWrite(method)
          ? (status, client) =>
              noteRefusal(
                {
                  method,
                  path: pathname,
                  authorization: key === undefined ? String(authorization) : `Bearer ${key}`,
                  headers: {
                    "x-forwarded-for": peer,
                    "x-request-id": requestId,
                    "x-tenant-id": request.headers["x-tenant-id"]?.toString(),
                    "user-agent": request.headers["user-agent"],
                  },
                },
                status,
                client,
              )
          : undefined,
    });
  }

  const listener = answering(pass, {
    log: options.log,
    headers: (request) => corsHeaders(request, options.portal),
  });
  return { listener, close: () => forwarder.close() };
}
