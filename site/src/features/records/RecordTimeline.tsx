import { useEffect, useState } from "react";
import type { TimelineEntry } from "../../../../functions/_shared/contracts/timeline.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Timeline } from "./Timeline.tsx";

/** A record's history, fetched behind the page and again whenever its version moves. */
export function RecordTimeline({ path, version }: { path: string; version: number }) {
  const api = useApi();
  const [entries, setEntries] = useState<readonly TimelineEntry[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(() => {
    const left = new AbortController();
    const { signal } = left;
    const load = async () => {
      try {
        const { data } = await api<{ data: TimelineEntry[] }>("GET", `${path}/timeline`, {
          signal,
        });
        setEntries(data);
        setFailure(null);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setFailure(error.message);
      }
    };
    void load();
    return () => left.abort();
  }, [path, version, api]);

  if (entries === null && failure === null) return <Skeleton className="h-40" />;
  if (entries === null) return <p className="text-muted text-sm">{failure}</p>;
  return <Timeline entries={entries} />;
}
