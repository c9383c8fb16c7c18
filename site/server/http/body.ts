/** A request's body as a whole, within a limit and within a time. */
import type { IncomingMessage } from "node:http";
import { Problem } from "./problem.ts";

/** How long a body of this kind may take to arrive. */
const ARRIVES_WITHIN_MS = 60_000;
/** A sender of too much is listened to this long, so that it reads the refusal instead of a reset. */
const HEARD_OUT_BYTES = 32 * 1024 * 1024;

/**
 * Reads a body to its end.
 * @throws Problem too_large, request_timeout; malformed_request when it breaks off.
 */
export function wholeBody(
  request: IncomingMessage,
  limit: number,
  withinMs = ARRIVES_WITHIN_MS,
): Promise<Buffer> {
  const tooLarge = () =>
    new Problem("too_large", `A request body may have ${limit} bytes at most.`);
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"]) > HEARD_OUT_BYTES) throw tooLarge();
    const chunks: Buffer[] = [];
    let total = 0;
    const settle = (end: () => void) => {
      clearTimeout(timer);
      request.off("data", hear);
      end();
    };
    const timer = setTimeout(
      () =>
        settle(() => reject(new Problem("request_timeout", "The request did not arrive in time."))),
      withinMs,
    );
    const hear = (chunk: Buffer) => {
      total += chunk.length;
      if (total <= limit) chunks.push(chunk);
      else if (total > HEARD_OUT_BYTES) settle(() => reject(tooLarge()));
      else chunks.length = 0;
    };
    request.on("data", hear);
    request.once("end", () =>
      settle(() => (total > limit ? reject(tooLarge()) : resolve(Buffer.concat(chunks)))),
    );
    const brokenOff = (cause?: Error) =>
      settle(() => reject(new Problem("malformed_request", "The body broke off.", cause)));
    request.once("error", brokenOff);
    request.once("close", () => brokenOff());
  });
}
