import { useEffect, useRef, useSyncExternalStore } from "react";
import { type LiveListener, liveOf } from "../lib/live.ts";
import { usePage } from "./context.tsx";

/**
 * Calls back with what happens in the tenant, and with `refresh` when something may have been missed.
 * @returns whether the page hears at all; while it does not, it has to ask.
 */
export function useLive(onEvent: LiveListener): boolean {
  const live = liveOf(usePage().tenant.id);
  const current = useRef(onEvent);
  current.current = onEvent;
  useEffect(() => live.onEvent((event) => current.current(event)), [live]);
  return useSyncExternalStore(live.onOpenChange, live.isOpen, () => false);
}
