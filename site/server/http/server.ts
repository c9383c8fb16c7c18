/** What every HTTP server of ours has in common: limits, refusals as problem documents, an orderly end. */
import { randomUUID } from "node:crypto";
import type {
  IncomingMessage,
  RequestListener,
  Server,
  ServerOptions,
  ServerResponse,
} from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { requestIdFrom } from "../../../functions/_shared/telemetry/request_id.ts";
import { Problem, problemDocument, sendProblem } from "./problem.ts";

/** How long requests under way may take once a server was asked to stop, in milliseconds. */
const GRACE_MS = 3000;

/** Limits of the server itself: address and headers together, and the time a request may arrive in. */
export const SERVER_OPTIONS = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 30_000,
  // Uploads of a slow connection pass here.
  requestTimeout: 30 * 60_000,
  keepAliveTimeout: 60_000,
  // Without a Host, the refusal is our own, with a request id.
  requireHostHeader: false,
} satisfies ServerOptions;

export type Answering = {
  /** A line for the operator, about a part that does not answer. */
  log(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** What a refusal carries beside its own headers. */
  headers?(request: IncomingMessage): Record<string, string>;
};

/** A listener that writes as a problem document whatever `answer` throws. */
export function answering(
  answer: (request: IncomingMessage, response: ServerResponse, requestId: string) => Promise<void>,
  { log, headers = () => ({}) }: Answering,
): RequestListener {
  return (request, response) => {
    const requestId = requestIdFrom(request.headers["x-request-id"]);
    answer(request, response, requestId).catch((error: unknown) => {
      const problem =
        error instanceof Problem
          ? error
          : new Problem("unavailable", "The request could not be passed on.", error);
      if (problem.code === "unavailable") {
        const path = request.url?.split("?", 1)[0];
        const fields = { request_id: requestId, method: request.method, path };
        log({ ...fields, err: { message: String(problem.cause) } }, "not passed on");
      }
      sendProblem(response, problem, requestId, headers(request));
    });
  };
}

/** @throws Problem when the request does not say which host it is for (RFC 9112, 3.2). */
export function requireHost(request: IncomingMessage): void {
  if (request.headers.host === undefined) {
    throw new Problem("malformed_request", "The header Host is missing.");
  }
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

/** Stops accepting, lets requests under way finish for a moment, then cuts them. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}
