/** Hands a request on to the part that answers it, and its answer back, both as streams. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { Agent, errors } from "undici";
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
  /** Bodies above this many bytes are refused; undefined leaves it to the part. */
  bodyLimit: number | undefined;
};

const tooLarge = (limit: number) =>
  new Problem("too_large", `A request body may have ${limit} bytes at most.`);

async function* limited(request: IncomingMessage, limit: number) {
  let total = 0;
  // Leaving the loop must not destroy the request: its socket still carries the refusal.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    total += chunk.length;
    if (total > limit) throw tooLarge(limit);
    yield chunk;
  }
}

function bodyOf(request: IncomingMessage, limit: number | undefined) {
  const declared = request.headers["content-length"];
  const chunked = request.headers["transfer-encoding"] !== undefined;
  if (!chunked && (declared === undefined || declared === "0")) return null;
  if (limit === undefined) return request;
  if (declared !== undefined && Number(declared) > limit) throw tooLarge(limit);
  return chunked ? Readable.from(limited(request, limit)) : request;
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
    async forward({ request, response, origin, path, headers, ownHeaders, bodyLimit }) {
      const body = bodyOf(request, bodyLimit);
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
            return response;
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
