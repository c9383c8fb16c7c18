import { once } from "node:events";

/** @throws what `signal` is aborted with, as soon as it is, or whatever `promise` rejects with. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const settled = new AbortController();
  try {
    const aborted = once(signal, "abort", { signal: settled.signal });
    return await Promise.race([promise, aborted.then(() => Promise.reject(signal.reason))]);
  } finally {
    settled.abort();
  }
}
