/** The refusals of a server that hands requests on: RFC 9457 documents in the contract's form. */
import type { ServerResponse } from "node:http";

/** Status and title of each of them. */
const KINDS = {
  malformed_request: [400, "The request is malformed"],
  unauthenticated: [401, "Not authenticated"],
  not_found: [404, "Not found"],
  method_not_allowed: [405, "Method not allowed"],
  request_timeout: [408, "The request took too long to arrive"],
  too_large: [413, "The request body is too large"],
  headers_too_large: [431, "The request's address or headers are too large"],
  unavailable: [503, "Temporarily unavailable"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof KINDS;

/** Seconds after which a client may try again when the part that answers is down. */
const RETRY_AFTER_SECONDS = "2";

/** A refusal that a handler throws and the server writes. */
export class Problem extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
  }
}

/** The document of a refusal as status, headers and body, ready to be written. */
export function problemDocument(code: ProblemCode, detail: string, requestId: string) {
  const [status, title] = KINDS[code];
  const body = JSON.stringify({
    type: "about:blank",
    title,
    status,
    code,
    detail,
    request_id: requestId,
    // supabase-js shows an error's `message`; the other members mean nothing to it.
    message: detail,
  });
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "cache-control": "no-store",
    "x-request-id": requestId,
  };
  if (code === "unavailable") headers["retry-after"] = RETRY_AFTER_SECONDS;
  if (code === "unauthenticated") headers["www-authenticate"] = "Bearer";
  // The rest of a body that was refused unread must not be taken for the next request.
  if (["too_large", "malformed_request", "request_timeout"].includes(code)) {
    headers.connection = "close";
  }
  return { status, title, headers, body };
}

/** Answers with a problem document; does nothing when an answer has begun. */
export function sendProblem(
  response: ServerResponse,
  problem: Problem,
  requestId: string,
  extraHeaders: Readonly<Record<string, string>>,
): void {
  if (response.headersSent) return;
  const { status, headers, body } = problemDocument(problem.code, problem.message, requestId);
  response.writeHead(status, { ...extraHeaders, ...headers });
  response.end(body);
}
