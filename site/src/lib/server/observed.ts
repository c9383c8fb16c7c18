/**
 * What the portal's server (site/server/) and the pages tell each other about the request that is under
 * way. The pages are a build of their own, with modules of their own: the two meet at a global symbol.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export type Observation = {
  /** The pattern of the page's route, for the log and the metrics; the pages say it. */
  route: string | undefined;
  /** What the functions are told of the trace. */
  readonly traceparent: string | undefined;
  /** The page could not be made. */
  failed(error: unknown): void;
};

const KEY = Symbol.for("kontor.observed");

type Meeting = { [KEY]?: AsyncLocalStorage<Observation> };

function meet(place: Meeting): AsyncLocalStorage<Observation> {
  place[KEY] ??= new AsyncLocalStorage<Observation>();
  return place[KEY];
}

/** The present request's; there is none in `astro dev`, which has no server of ours in front. */
export const observed: AsyncLocalStorage<Observation> = meet(
  globalThis as typeof globalThis & Meeting,
);
