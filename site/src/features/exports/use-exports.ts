import { useEffect, useMemo, useState } from "react";
import type { Export } from "../../../../functions/_shared/contracts/exports.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";
import { useLive } from "../../ui/use-live.ts";
import { isUnderWay } from "./labels.ts";

const POLL_MS = 1500;
const POLL_AFTER_FAILURE_MS = 5000;
const QUERY = { limit: 50 };

/** Exports newest first, kept up to date while the page is looked at: told by the server, or else asked for. */
export function useExports(initial: List<Export> | null) {
  const api = useApi();
  const [exports, setExports] = useState<readonly Export[] | null>(initial?.data ?? null);
  const [cursor, setCursor] = useState(initial?.page.next_cursor ?? null);
  const [failure, setFailure] = useState<string | null>(null);
  const [loading, setLoading] = useState(false);
  /** Each answer plans the next question. */
  const [polled, setPolled] = useState(0);

  const refresh = useMemo(
    () =>
      inTurn(async () => {
        try {
          const { data, page } = await api<List<Export>>("GET", "/exports", { query: QUERY });
          const fresh = new Set(data.map(({ id }) => id));
          setExports((all) => [...data, ...(all ?? []).filter(({ id }) => !fresh.has(id))]);
          setCursor((before) => before ?? page.next_cursor);
          setFailure(null);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          setFailure(error.message);
        } finally {
          setPolled((count) => count + 1);
        }
      }),
    [api],
  );

  const live = useLive((event) => {
    if (event.kind === "refresh") void refresh();
    if (event.kind !== "export") return;
    const { id, status, progress } = event;
    const shown = exports?.find((one) => one.id === id);
    // What else is new about one that began or ended is in the list.
    if (shown?.status !== status) void refresh();
    else replace({ ...shown, progress });
  });

  const running = exports?.some(isUnderWay) ?? false;
  useEffect(() => {
    if (!running || live) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const plan = (wait: number) => {
      clearTimeout(timer);
      if (!document.hidden) timer = setTimeout(() => void refresh(), wait);
    };
    const follow = () => plan(0);
    plan(failure === null ? POLL_MS : POLL_AFTER_FAILURE_MS);
    document.addEventListener("visibilitychange", follow);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", follow);
    };
  }, [running, live, polled, failure, refresh]);

  /** Whether it was done; what was not is told. */
  async function attempt(title: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title, detail: error.message });
      await refresh(); // it is not what it was thought to be
      return false;
    }
  }

  const replace = (changed: Export) =>
    setExports((all) => (all ?? []).map((one) => (one.id === changed.id ? changed : one)));

  const cancel = ({ id, file_name }: Export) =>
    attempt(`${file_name} was not cancelled`, async () => {
      replace(await api<Export>("POST", `/exports/${id}/cancel`));
    });

  const retry = ({ id, file_name }: Export) =>
    attempt(`${file_name} was not tried again`, async () => {
      replace((await api<{ export: Export }>("POST", `/exports/${id}/retry`)).export);
    });

  async function more() {
    setLoading(true);
    await attempt("Older exports could not be loaded", async () => {
      const query = { ...QUERY, cursor: cursor ?? undefined };
      const { data, page } = await api<List<Export>>("GET", "/exports", { query });
      const older = new Set(data.map(({ id }) => id));
      setExports((all) => [...(all ?? []).filter(({ id }) => !older.has(id)), ...data]);
      setCursor(page.next_cursor);
    });
    setLoading(false);
  }

  return { exports, failure, loading, refresh, cancel, retry, more: cursor ? more : null };
}
