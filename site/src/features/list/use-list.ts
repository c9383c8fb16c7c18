import { useCallback, useEffect, useRef, useState } from "react";
import { useApi } from "../../ui/context.tsx";
import { type Loaded, loadList } from "./load.ts";
import { cleanParams, type ListSpec, searchOf, withParams } from "./spec.ts";

type Navigation = { replace?: boolean };

/**
 * A list whose whole state is the page's address: the server rendered the first, and from then on a
 * change writes the address and fetches the rows. Back and forward do the same the other way round.
 */
export function useList<T>(spec: ListSpec, initial: Loaded<T>) {
  const api = useApi();
  const [loaded, setLoaded] = useState(initial);
  const [loading, setLoading] = useState(false);
  const [search, setSearch] = useState(initial.search);
  const running = useRef<AbortController>(null);

  const load = useCallback(
    async (wanted: string) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      setSearch(wanted);
      setLoading(true);
      try {
        const params = new URLSearchParams(wanted);
        setLoaded(await loadList<T>(api, spec, params, controller.signal));
        setLoading(false);
      } catch (error) {
        if (!controller.signal.aborted) throw error; // else another load took over
      }
    },
    [api, spec],
  );

  useEffect(() => {
    const follow = () =>
      void load(searchOf(cleanParams(spec, new URLSearchParams(location.search))));
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, [load, spec]);

  /** Goes to an address of this list, given as its search part. */
  const open = useCallback(
    (wanted: string, { replace = false }: Navigation = {}) => {
      history[replace ? "replaceState" : "pushState"](null, "", wanted || location.pathname);
      void load(wanted);
    },
    [load],
  );

  const params = new URLSearchParams(search);
  return {
    params,
    loaded,
    loading,
    open,
    /** Changes parameters; null removes one. */
    change: (changes: Record<string, string | null>, navigation?: Navigation) =>
      open(searchOf(withParams(spec, params, changes)), navigation),
    /** The same page again, after a write. */
    refresh: () => load(search),
  };
}

export type ListState<T> = ReturnType<typeof useList<T>>;
