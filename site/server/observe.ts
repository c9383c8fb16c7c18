/** Follows every request that the portal's server answers: a line in the log, the metrics, a span. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { reportError } from "../../functions/_shared/telemetry/reporting.ts";
import { requestIdFrom } from "../../functions/_shared/telemetry/request_id.ts";
import { openSpan, type Span } from "../../functions/_shared/telemetry/tracing.ts";
import { type Observation, observed } from "../src/lib/server/observed.ts";
import { isForApi } from "./api.ts";
import { log } from "./log.ts";
import { measure } from "./metrics.ts";

/** The functions know their own routes; here they are all one. */
const API = "/api/*";
/** Until the pages say otherwise it is a file of theirs. */
const FILE = "file";
/** Whoever asked was gone before there was an answer. */
const GONE = 499;

/**
 * What an address of the API is about, without what it names: ids, and whatever a stranger may have put
 * there.
 */
export function templateOf(url: string): string {
  const [, ...segments] = (url.split("?", 1)[0] ?? "").split("/");
  const shown = segments.slice(0, 5).map((one) => (/^[a-z][a-z-]{0,30}$/.test(one) ? one : ":id"));
  return `/${shown.join("/")}`;
}

/** Calls the listener, and watches what comes of it. */
export function observe(listener: RequestListener): RequestListener {
  return (request, response) => {
    // Said once for all that follows: pages and functions alike read it from here.
    const requestId = requestIdFrom(request.headers["x-request-id"]);
    request.headers["x-request-id"] = requestId;
    const forApi = isForApi(request);
    const span = openSpan(spanName(request, forApi), {
      kind: "server",
      parent: traceparentOf(request),
      attributes: { "kontor.request_id": requestId },
    });
    if (span.traceparent !== undefined) request.headers.traceparent = span.traceparent;
    const observation: Observation = {
      route: forApi ? API : FILE,
      traceparent: span.traceparent,
      failed(error) {
        const { route } = observation;
        log.error({ request_id: requestId, route, err: asLogged(error) }, "page failed");
        reportError(error, { request_id: requestId, method: request.method, route });
      },
    };
    watch(request, response, { requestId, observation, span, forApi });
    span.run(() => observed.run(observation, () => listener(request, response)));
  };
}

type Watched = { requestId: string; observation: Observation; span: Span; forApi: boolean };

function watch(request: IncomingMessage, response: ServerResponse, watched: Watched): void {
  const { requestId, observation, span, forApi } = watched;
  const { method = "GET" } = request;
  const started = performance.now();
  const measured = measure(method);
  let status: number | undefined;
  const answered = (code: number) => {
    if (status !== undefined) return;
    status = code;
    measured.answered(observation.route ?? "none", code);
  };
  onHead(response, answered);
  response.once("close", () => {
    answered(GONE);
    measured.over();
    const { route = "none" } = observation;
    const code = status ?? GONE;
    if (route !== FILE || code >= 400) {
      const path = forApi ? { path: templateOf(request.url ?? "") } : {};
      const ms = Math.round(performance.now() - started);
      // Outside of the span's own time, so that the line would not find its trace by itself.
      const traced = span.traceId === undefined ? {} : { trace_id: span.traceId };
      const line = { request_id: requestId, ...traced, method, route, ...path, status: code, ms };
      log.info(line, "answered");
    }
    if (!forApi) span.rename(`${method} ${route}`);
    span.set({ "http.route": route, "http.response.status_code": code });
    span.end(code >= 500 ? new Error("answered with a failure") : undefined);
  });
}

/** Node tells of an answer's end, not of its beginning: every way to it leads through writeHead. */
function onHead(response: ServerResponse, began: (status: number) => void): void {
  const write = response.writeHead.bind(response);
  response.writeHead = ((status: number, ...rest: []) => {
    began(status);
    return write(status, ...rest);
  }) as ServerResponse["writeHead"];
}

function spanName({ method = "GET", url = "/" }: IncomingMessage, forApi: boolean): string {
  return forApi ? `${method} ${templateOf(url)}` : `${method} ${FILE}`;
}

function traceparentOf({ headers }: IncomingMessage): string | null {
  return typeof headers.traceparent === "string" ? headers.traceparent : null;
}

function asLogged(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return { name: error.name, message: error.message, stack: error.stack };
}
