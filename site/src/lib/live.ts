/** What happens in a tenant, told to a page while it is looked at (`GET /events`). */
import { createParser } from "eventsource-parser";
import type { LiveEvent } from "../../../functions/_shared/contracts/events.ts";

/** A heartbeat comes every 20 seconds; after a silence this long nobody is there any more. */
const SILENCE_MS = 50_000;
const PAUSE_MS = { first: 500, most: 30_000 };

export type LiveListener = (event: LiveEvent) => void;

export type Live = {
  /** Whether the stream is open: otherwise ask now and then. */
  isOpen(): boolean;
  /** Calls back when that changes. Returns what ends it. */
  onOpenChange(listener: () => void): () => void;
  /** Calls back with every event; with `refresh` whenever some may have been missed, so at first too. */
  onEvent(listener: LiveListener): () => void;
};

const byTenant = new Map<string, Live>();

/** The one stream of a tenant on this page; open as long as somebody listens and the page is in sight. */
export function liveOf(tenantId: string): Live {
  const known = byTenant.get(tenantId) ?? makeLive(tenantId);
  byTenant.set(tenantId, known);
  return known;
}

function makeLive(tenantId: string): Live {
  const listeners = new Set<LiveListener>();
  const watchers = new Set<() => void>();
  let open = false;
  let running: AbortController | null = null;

  function setOpen(now: boolean): void {
    if (open === now) return;
    open = now;
    for (const watcher of watchers) watcher();
  }

  function tell(event: LiveEvent): void {
    for (const listener of listeners) listener(event);
  }

  /** Listens until `signal` is aborted, or until the answer is one that waiting does not change. */
  async function run(signal: AbortSignal): Promise<void> {
    for (let pause = PAUSE_MS.first; !signal.aborted; pause = Math.min(pause * 2, PAUSE_MS.most)) {
      const { status, heard } = await listen(tenantId, signal, () => setOpen(true), tell);
      if (!signal.aborted) setOpen(false);
      if (status >= 400 && status < 500 && status !== 429) return;
      if (heard) pause = PAUSE_MS.first;
      // Many pages may have lost the same server: they must not come back at the same moment.
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
  }

  function follow(): void {
    const wanted = listeners.size > 0 && !document.hidden;
    if (wanted === (running !== null)) return;
    running?.abort();
    running = wanted ? new AbortController() : null;
    if (running) void run(running.signal);
    else setOpen(false);
  }

  return {
    isOpen: () => open,
    onOpenChange(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    onEvent(listener) {
      if (listeners.size === 0) document.addEventListener("visibilitychange", follow);
      listeners.add(listener);
      follow();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) document.removeEventListener("visibilitychange", follow);
        follow();
      };
    },
  };
}

/** One connection, from asking for it to its end: the answer's status, 0 without one, and whether it was a stream. */
async function listen(
  tenantId: string,
  signal: AbortSignal,
  onOpen: () => void,
  tell: LiveListener,
): Promise<{ status: number; heard: boolean }> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  let status = 0;
  let heard = false;
  try {
    const response = await fetch("/api/events", {
      headers: { accept: "text/event-stream", "x-tenant-id": tenantId },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    status = response.status;
    if (!response.ok || !response.body) return { status, heard };
    const parser = createParser({ onEvent: ({ data }) => tell(JSON.parse(data) as LiveEvent) });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (!heard) {
        heard = true;
        onOpen();
        tell({ kind: "refresh" });
      }
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      parser.feed(piece.value);
    }
  } catch {
    // No connection, or it broke: there will be another.
  } finally {
    clearTimeout(timer);
  }
  return { status, heard };
}
