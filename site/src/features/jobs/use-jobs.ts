import { useState } from "react";
import type { Job } from "../../../../functions/_shared/contracts/jobs.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";

const QUERY = { limit: 50 };

/** The tenant's jobs that are not done, newest first, and what can be done with one. */
export function useJobs(initial: List<Job> | null) {
  const api = useApi();
  const [jobs, setJobs] = useState<readonly Job[] | null>(initial?.data ?? null);
  const [cursor, setCursor] = useState(initial?.page.next_cursor ?? null);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function load(next: string | null) {
    const query = { ...QUERY, cursor: next ?? undefined };
    const { data, page } = await api<List<Job>>("GET", "/jobs", { query });
    setJobs((all) => (next ? [...(all ?? []), ...data] : data));
    setCursor(page.next_cursor);
    setFailure(null);
  }

  async function attempt(title: string, work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
      toast({ kind: "error", title, detail: error.message });
    } finally {
      setBusy(false);
    }
  }

  const act = (verb: "retry" | "cancel", done: string, failed: string) => (job: Job) =>
    attempt(failed, async () => {
      await api("POST", `/jobs/${job.id}/${verb}`);
      toast({ kind: "success", title: done });
      await load(null);
    });

  return {
    jobs,
    busy,
    failure,
    refresh: () => attempt("The jobs could not be loaded", () => load(null)),
    retry: act("retry", "The job runs again", "The job was not run again"),
    cancel: act("cancel", "The job is cancelled", "The job was not cancelled"),
    more: cursor ? () => attempt("Older jobs could not be loaded", () => load(cursor)) : null,
  };
}
