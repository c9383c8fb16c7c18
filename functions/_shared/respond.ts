/** Turns replies and refusals into responses, with the headers that every answer carries. */
import { problemOf } from "./database_errors.ts";
import type { Reply } from "./context.ts";
import { Problem, problemResponse } from "./errors.ts";
import { log } from "./log.ts";
import { reportError } from "./telemetry/reporting.ts";

/**
 * Browsers of any origin may call with a bearer token; without Allow-Credentials they never send or
 * read anything by cookie.
 */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "Content-Disposition, ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed, Allow",
};

/** The answer to a preflight or a plain OPTIONS. */
export function optionsReply(allow: string): Reply {
  return {
    status: 204,
    headers: {
      allow,
      "access-control-allow-methods": allow,
      "access-control-allow-headers":
        "Authorization, Content-Type, X-Tenant-Id, X-Request-Id, Idempotency-Key, If-Match, If-None-Match, apikey, x-client-info",
      "access-control-max-age": "86400",
    },
  };
}

/** A reply as a response. */
export function respond(reply: Reply): Response {
  const headers = new Headers(reply.headers);
  if (reply.json !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json; charset=utf-8");
  }
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  for (const cookie of reply.setCookie ?? []) headers.append("set-cookie", cookie);
  const body = reply.json ?? reply.bytes ?? reply.stream ?? null;
  return new Response(body, { status: reply.status, headers });
}

/** Any thrown value as a response: refusals say why, everything else is logged and stays inside. */
export function respondToError(
  error: unknown,
  request: Request,
  requestId: string,
  route = "none",
): Response {
  const source = request.method === "GET" || request.method === "HEAD" ? "query" : "body";
  const problem = error instanceof Problem ? error : problemOf(error, source);
  if (problem !== undefined) {
    if (problem.status >= 500) log.warn({ request_id: requestId, err: describe(error) }, "refused");
    return problemResponse(problem, requestId);
  }
  log.error({ request_id: requestId, err: describe(error) }, "unexpected error");
  reportError(error, { request_id: requestId, method: request.method, route });
  const internal = new Problem("internal", "Something went wrong on our side.");
  return problemResponse(internal, requestId);
}

/** Adds what every response carries, whoever made it. */
export function dress(response: Response, requestId: string): Response {
  for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
  response.headers.set("x-request-id", requestId);
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.append("vary", "Authorization, Cookie, X-Tenant-Id");
  return response;
}

/** What a log may hold of an error: never the values of a statement. */
function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...("code" in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause instanceof Error ? { cause: describe(error.cause) } : {}),
  };
}
