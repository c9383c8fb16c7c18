/** What happens to every request, in this order; each step lives in a module of its own. */
import { recordDownload, recordRefusal } from "./audit.ts";
import { authenticate } from "./authenticate.ts";
import { readBody, validateBody } from "./body.ts";
import type { Caller, CallerDatabase, Context, Reply } from "./context.ts";
import { asCaller, asFunctions, type RequestContext } from "./db.ts";
import { notFound, Problem } from "./errors.ts";
import { ifMatchOf } from "./etag.ts";
import { answerOnce, idempotencyKeyOf } from "./idempotency.ts";
import { log } from "./log.ts";
import { measure } from "./metrics.ts";
import { validateQuery } from "./query.ts";
import { type Allowance, takeAddress, takeCaller } from "./rate_limit.ts";
import { domainOf, isPersonal } from "./scopes.ts";
import { clearedCookies } from "./session.ts";
import { dress, optionsReply, respond, respondToError } from "./respond.ts";
import type { Method, Route } from "./route.ts";
import { allowed, BASE_PATH, makeRouter, type Match } from "./router.ts";
import { requestIdFrom } from "./telemetry/request_id.ts";
import { openSpan } from "./telemetry/tracing.ts";
import { toldHeaders } from "./told_headers.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The one function that answers everything under /functions/v1. Never throws. */
export function makeHandler(
  functions: Readonly<Record<string, readonly Route[]>>,
): (request: Request) => Promise<Response> {
  const find = makeRouter(functions);
  return async (request) => {
    const requestId = requestIdFrom(request.headers.get("x-request-id"));
    const url = new URL(request.url);
    const match = find(url.pathname);
    const route = match?.methods.get(routeMethod(request.method));
    const watched = watch(request, requestId, route);
    const seen: Seen = {};
    const who: { caller?: Caller } = {};
    const more = new Headers();
    return await watched.span.run(async () => {
      let response: Response;
      try {
        response = respond(
          await answer({ request, requestId, url, match, route, seen, who, more }),
        );
      } catch (error) {
        response = respondToError(error, request, requestId, route?.path);
        // The session was ended elsewhere: the browser is to forget it.
        if (response.status === 401 && who.caller?.via === "cookie") {
          for (const line of clearedCookies(request)) more.append("set-cookie", line);
        }
        await recordRefusal(error, { request, requestId, route, params: match?.params, ...who });
      }
      for (const [name, value] of more) response.headers.append(name, value);
      watched.answered(response.status, seen);
      return dress(request.method === "HEAD" ? bodiless(response) : response, requestId);
    });
  };
}

/** Follows a request for the log, the metrics and the trace. */
function watch(request: Request, requestId: string, route: Route | undefined) {
  const started = performance.now();
  const { method } = request;
  const path = route?.path ?? "none";
  const measured = measure(method);
  const span = openSpan(route === undefined ? path : `${route.method} ${path}`, {
    kind: "server",
    parent: request.headers.get("traceparent"),
    attributes: { "http.route": path, "kontor.request_id": requestId },
  });
  return {
    span,
    answered(status: number, seen: Seen) {
      const ms = Math.round(performance.now() - started);
      log.info({ request_id: requestId, method, route: path, status, ms, ...seen }, "answered");
      measured.answered(path, status);
      measured.over();
      span.set({ "http.response.status_code": status });
      span.end(status >= 500 ? new Error("answered with a failure") : undefined);
    },
  };
}

/** What the log line says about the caller, filled in as it becomes known. */
type Seen = { user?: string; api_key?: string; tenant?: string };

type Incoming = {
  readonly request: Request;
  readonly requestId: string;
  readonly url: URL;
  readonly match: Match | undefined;
  readonly route: Route | undefined;
  readonly seen: Seen;
  /** Filled in as soon as it is known, for a refusal to be recorded. */
  readonly who: { caller?: Caller };
  /** What goes out with any answer, a refusal too: a renewed session, what is left of a limit. */
  readonly more: Headers;
};

async function answer(incoming: Incoming): Promise<Reply> {
  const { request, requestId, url, match, route, seen, who, more } = incoming;
  if (match === undefined) throw notFound();
  if (request.method === "OPTIONS") return optionsReply(allowed(match));
  if (route === undefined) {
    throw new Problem("method_not_allowed", "This address does not take this method.", {
      headers: { allow: allowed(match) },
    });
  }
  const params = validateParams(route, match.params);
  const caller = await callerOf(request, route, more);
  if (caller !== null) {
    seen.user = caller.id;
    who.caller = caller;
    if (caller.keyId !== null) refusePersonal(route, seen, caller.keyId);
  }
  const query = validateQuery(route.query, url.searchParams);
  const { text, value } = request.method === "GET" || request.method === "HEAD"
    ? { text: "", value: undefined }
    : await readBody(request);
  const body = validateBody(route.body, value);
  const shared = {
    request,
    requestId,
    url,
    ip: request.headers.get("x-forwarded-for"),
    params,
    query,
    body,
    ifMatch: ifMatchOf(request),
    prefix: request.headers.get("x-forwarded-prefix") === "/api" ? "/api" : BASE_PATH,
  };
  if (caller === null || route.access === "public") {
    return await route.handle({ ...shared, caller: null, db: null });
  }
  const told = requestContext(request, requestId, route.access, domainOf(route.path), caller);
  const db = callerDatabase(told, caller, request, text);
  return await route.handle({ ...shared, caller, db } satisfies Context);
}

/** Who calls, null where anybody may; neither too often. */
async function callerOf(request: Request, route: Route, more: Headers): Promise<Caller | null> {
  const address = request.headers.get("x-forwarded-for");
  const keep = (allowance: Allowance | undefined) => {
    for (const [name, value] of Object.entries(allowance ?? {})) more.set(name, value);
  };
  if (route.access === "public") {
    if (request.method !== "GET" && request.method !== "HEAD") keep(takeAddress(address));
    return null;
  }
  try {
    const caller = await authenticate(request, (setCookie) => {
      for (const line of setCookie) more.append("set-cookie", line);
    });
    keep(takeCaller(caller));
    return caller;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) keep(takeAddress(address));
    throw error;
  }
}

/** What belongs to a person's account is not a key's to see or change. */
function refusePersonal(route: Route, seen: Seen, keyId: string): void {
  seen.api_key = keyId;
  if (isPersonal(route.path)) {
    throw new Problem("forbidden", "This is for people, not for API keys.");
  }
}

function validateParams(route: Route, raw: Match["params"]): unknown {
  if (route.params === undefined) {
    for (const value of Object.values(raw)) if (!UUID.test(value)) throw notFound();
    return raw;
  }
  const result = route.params.safeParse(raw);
  if (!result.success) throw notFound();
  return result.data;
}

function requestContext(
  request: Request,
  requestId: string,
  access: RequestContext["access"],
  domain: RequestContext["domain"],
  caller: Caller,
): RequestContext {
  const headers = toldHeaders(request, requestId);
  const tenant = headers["x-tenant-id"];
  if (access !== "caller" && tenant !== undefined && !UUID.test(tenant)) {
    throw new Problem("forbidden", "You do not belong to this tenant.");
  }
  return {
    claims: caller.claims,
    headers: JSON.stringify(headers),
    access,
    domain,
    readOnly: request.method === "GET" || request.method === "HEAD",
  };
}

function callerDatabase(
  told: RequestContext,
  caller: Caller,
  request: Request,
  bodyText: string,
): CallerDatabase {
  const key = idempotencyKeyOf(request, bodyText);
  return {
    rows: (statement) => asCaller(told, statement),
    answer: async (statement, reply) =>
      key === null
        ? reply(await asCaller(told, statement))
        : await answerOnce(told, caller, key, statement, reply),
    asFunctions: (statement) => asFunctions(told, statement),
    recordDownload: (what) => recordDownload(told, what),
  };
}

/** HEAD is GET without the body. */
function routeMethod(method: string): Method {
  return (method === "HEAD" ? "GET" : method) as Method;
}

function bodiless(response: Response): Response {
  void response.body?.cancel();
  return new Response(null, { status: response.status, headers: response.headers });
}
