/** Hands a request on to the part that answers it, and its answer back as a stream. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { Agent, errors } from "undici";
import { wholeBody } from "./body.ts";
import { downstreamHeaders } from "./headers.ts";
import { Problem } from "./problem.ts";

/** How long a part may take until its answer begins, and between two pieces of it. */
const ANSWER_BEGINS_WITHIN_MS = 120_000;
const ANSWER_GOES_ON_WITHIN_MS = 300_000;
const CONNECTS_WITHIN_MS = 5_000;
/** Connections to one part at most; a stream of events holds one for as long as its page is open. */
const CONNECTIONS = 1024;

export type Forward = {
  request: IncomingMessage;
  response: ServerResponse;
  /** The upstream's origin, and the path with its query there. */
  origin: string;
  path: string;
  headers: Record<string, string | string[]>;
  /** Headers of our own for the answer. */
  ownHeaders: Record<string, string>;
  /**
   * Bodies above this many bytes are refused, and those below have arrived before the part is asked:
   * a slow sender holds none of its connections. Undefined streams them, of any size.
   */
  bodyLimit: number | undefined;
  /** Where the answer is written, if not straight to the response. */
  through?: ((status: number, response: ServerResponse) => Writable) | undefined;
};

function bodyOf(request: IncomingMessage, limit: number | undefined) {
  const declared = request.headers["content-length"];
  const chunked = request.headers["transfer-encoding"] !== undefined;
  if (!chunked && (declared === undefined || declared === "0")) return null;
  return limit === undefined ? request : wholeBody(request, limit);
}

/** Our refusal for an error of the connection to a part. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof errors.InvalidArgumentError) {
    return new Problem("malformed_request", "A header or the address cannot be passed on.", error);
  }
  return new Problem(
    "unavailable",
    "The part that answers this is not available; try again soon.",
    error,
  );
}

export type Forwarder = {
  /** @throws Problem when no answer has begun; an answer that broke off ends the connection. */
  forward(forward: Forward): Promise<void>;
  close(): Promise<void>;
};

/** Makes the forwarder with its pools of kept connections. */
export function createForwarder(): Forwarder {
  const agent = new Agent({
    connections: CONNECTIONS,
    headersTimeout: ANSWER_BEGINS_WITHIN_MS,
    bodyTimeout: ANSWER_GOES_ON_WITHIN_MS,
    connect: { timeout: CONNECTS_WITHIN_MS },
  });
  return {
    async forward({ request, response, origin, path, headers, ownHeaders, bodyLimit, through }) {
      const body = await bodyOf(request, bodyLimit);
      const gone = new AbortController();
      const left = () => {
        if (!response.writableFinished) gone.abort();
      };
      response.once("close", left);
      try {
        await agent.stream(
          { origin, path, method: request.method ?? "GET", headers, body, signal: gone.signal },
          (answer) => {
            response.writeHead(answer.statusCode, downstreamHeaders(answer.headers, ownHeaders));
            return through?.(answer.statusCode, response) ?? response;
          },
        );
      } catch (error) {
        if (response.headersSent) response.destroy();
        else if (!gone.signal.aborted) throw asProblem(error);
      } finally {
        response.off("close", left);
      }
    },
    close: () => agent.destroy(),
  };
}
