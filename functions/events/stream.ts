/** One open stream of server-sent events: its bytes, its heartbeat, and its end. */
import type { LiveEvent } from "../_shared/contracts/events.ts";

/** Often enough for every proxy on the way; also how long a right that was taken away lasts at most. */
const HEARTBEAT_MS = 20_000;
/** Whoever is so many messages behind reads no more. */
const MAX_BEHIND = 500;
/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const encoder = new TextEncoder();

export type Stream = {
  readonly body: ReadableStream<Uint8Array>;
  send(event: LiveEvent): void;
  close(): void;
};

type Settings = {
  /** Milliseconds since 1970; the stream ends then. */
  readonly expiresAt: number;
  /** Asked at every heartbeat: the stream ends when it throws. */
  check(): Promise<void>;
  /** Called once, whoever ended it. */
  onEnd(): void;
};

/** Opens a stream. A client that leaves, or reads no more, ends it as well. */
export function openStream({ expiresAt, check, onEnd }: Settings): Stream {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  function end(): void {
    if (controller === undefined) return;
    controller = undefined;
    clearInterval(heartbeat);
    clearTimeout(expiry);
    onEnd();
  }

  function close(): void {
    const closing = controller;
    end();
    closing?.close();
  }

  function write(text: string): void {
    controller?.enqueue(encoder.encode(text));
    if ((controller?.desiredSize ?? 0) < -MAX_BEHIND) close();
  }

  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: end,
  });
  const heartbeat = setInterval(() => {
    write(":\n\n");
    check().catch(close);
  }, HEARTBEAT_MS);
  const expiry = setTimeout(close, Math.min(expiresAt - Date.now(), MAX_TIMER_MS));
  write(":\n\n"); // the headers go out with the first byte
  return { body, close, send: (event) => write(`data: ${JSON.stringify(event)}\n\n`) };
}
