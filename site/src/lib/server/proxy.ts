import type { Problem } from "../../../../functions/_shared/contracts/common.ts";
import { env } from "../env.ts";

/** Meant for one connection only (RFC 9110 §7.6.1), or set anew by whoever sends the request on. */
const NOT_PASSED_ON = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "accept-encoding",
  "content-length",
]);

/** Where a client might claim to be coming from: only the socket tells. */
const CLAIMED =
  /^(forwarded|x-forwarded-.*|x-real-ip|x-client-ip|cf-connecting-ip|true-client-ip)$/;

/**
 * Sends a request for `/api/<path>` on to `<functions>/functions/v1/<path>` and the answer back, both
 * streamed. Answers 503 with a problem document when the functions do not.
 */
export async function proxyToFunctions(
  request: Request,
  clientAddress: string,
  requestId: string,
): Promise<Response> {
  const asked = new URL(request.url);
  const target = new URL(env.FUNCTIONS_URL);
  target.pathname = `/functions/v1${asked.pathname.slice("/api".length)}`;
  target.search = asked.search;
  try {
    const answer = await fetch(target, {
      method: request.method,
      headers: requestHeaders(request.headers, clientAddress, requestId),
      body: request.body,
      redirect: "manual",
      signal: request.signal,
      ...(request.body ? { duplex: "half" } : {}),
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: responseHeaders(answer.headers, requestId),
    });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    console.error(
      JSON.stringify({
        level: "error",
        request_id: requestId,
        msg: "functions unreachable",
        err: String(error),
      }),
    );
    return unavailable(requestId);
  }
}

function requestHeaders(given: Headers, clientAddress: string, requestId: string): Headers {
  const headers = endToEnd(given);
  for (const name of [...headers.keys()]) if (CLAIMED.test(name)) headers.delete(name);
  headers.set("accept-encoding", "identity");
  headers.set("x-forwarded-for", clientAddress);
  headers.set("x-forwarded-prefix", "/api");
  headers.set("x-request-id", requestId);
  return headers;
}

function responseHeaders(given: Headers, requestId: string): Headers {
  const headers = endToEnd(given);
  if (!headers.has("x-request-id")) headers.set("x-request-id", requestId);
  headers.set("x-content-type-options", "nosniff");
  return headers;
}

function endToEnd(given: Headers): Headers {
  const named = (given.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  const headers = new Headers(given);
  for (const name of [...NOT_PASSED_ON, ...named]) if (name !== "") headers.delete(name);
  return headers;
}

function unavailable(requestId: string): Response {
  const problem: Problem = {
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    code: "unavailable",
    detail: "The service does not answer. Try again in a moment.",
    request_id: requestId,
  };
  return Response.json(problem, {
    status: 503,
    headers: {
      "content-type": "application/problem+json",
      "retry-after": "5",
      "x-request-id": requestId,
    },
  });
}
