/** For tests: listens as a page does, and keeps what was told. */
import { createParser } from "eventsource-parser";
import { apiUrl } from "../../scripts/stack/testing.ts";
import { type LiveEvent, liveEvent } from "../_shared/contracts/events.ts";

export type Listening = {
  readonly status: number;
  readonly headers: Headers;
  /** What was told since it was last asked for. */
  take(): LiveEvent[];
  /** The next event that fits. */
  next(fits: (event: LiveEvent) => boolean): Promise<LiveEvent>;
  /** Resolves when the other side ends the stream. */
  readonly ended: Promise<void>;
  leave(): void;
};

type Who = { token: string; tenant?: string };

/** @param base where the functions answer; default: the gateway. */
export async function listen(
  { token, tenant }: Who,
  base = `${apiUrl()}/functions/v1`,
): Promise<Listening> {
  const leaving = new AbortController();
  const response = await fetch(`${base}/events`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(tenant === undefined ? {} : { "x-tenant-id": tenant }),
    },
    signal: leaving.signal,
  });
  const told: LiveEvent[] = [];
  let wake = () => {};
  const parser = createParser({
    onEvent({ data }) {
      told.push(liveEvent.parse(JSON.parse(data)));
      wake();
    },
  });
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      parser.feed(decoder.decode(piece, { stream: true }));
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return {
    status: response.status,
    headers: response.headers,
    take: () => told.splice(0),
    async next(fits) {
      for (;;) {
        const place = told.findIndex(fits);
        const [found] = place < 0 ? [] : told.splice(0, place + 1).slice(-1);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    ended,
    leave: () => leaving.abort(),
  };
}
