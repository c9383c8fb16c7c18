import { useEffect, useMemo, useRef, useState } from "react";
import type { Job } from "../../../../functions/_shared/contracts/jobs.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";
import { useLive } from "../../ui/use-live.ts";

const PAGE = 50;
/** As many as the API gives at once. */
const MOST = 200;
/** However busy the queue is, nobody reads faster. */
const LIVE_PAUSE_MS = 1000;
const POLL_MS = 5000;

/**
 * The tenant's jobs that are not done, newest first, and what can be done with one. Kept up to date while
 * the page is looked at: told by the server, or else asked for.
 */
export function useJobs(initial: List<Job> | null) {
  const api = useApi();
  const [jobs, setJobs] = useState<readonly Job[] | null>(initial?.data ?? null);
  const [cursor, setCursor] = useState(initial?.page.next_cursor ?? null);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const shown = useRef(PAGE);

  async function older(next: string) {
    const query = { limit: PAGE, cursor: next };
    const { data, page } = await api<List<Job>>("GET", "/jobs", { query });
    shown.current = Math.min(MOST, (jobs?.length ?? 0) + data.length);
    setJobs((all) => [...(all ?? []), ...data]);
    setCursor(page.next_cursor);
  }

  /** As many as are shown, as they are now. */
  const refresh = useMemo(
    () =>
      inTurn(async () => {
        try {
          const query = { limit: shown.current };
          const { data, page } = await api<List<Job>>("GET", "/jobs", { query });
          setJobs(data);
          setCursor(page.next_cursor);
          setFailure(null);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          setFailure(error.message);
        }
      }, LIVE_PAUSE_MS),
    [api],
  );

  const live = useLive(({ kind }) => {
    if (kind === "jobs" || kind === "refresh") void refresh();
  });
  useEffect(() => {
    if (live) return;
    const timer = setInterval(() => {
      if (!document.hidden) void refresh();
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [live, refresh]);

  async function attempt(title: string, work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title, detail: error.message });
    } finally {
      setBusy(false);
    }
  }

  const act = (verb: "retry" | "cancel", done: string, failed: string) => (job: Job) =>
    attempt(failed, async () => {
      await api("POST", `/jobs/${job.id}/${verb}`);
      toast({ kind: "success", title: done });
      await refresh();
    });

  return {
    jobs,
    busy,
    failure,
    refresh,
    retry: act("retry", "The job runs again", "The job was not run again"),
    cancel: act("cancel", "The job is out of the queue", "The job was not taken out of the queue"),
    more: cursor ? () => attempt("Older jobs could not be loaded", () => older(cursor)) : null,
  };
}
