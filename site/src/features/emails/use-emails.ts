import { useMemo, useRef, useState } from "react";
import type { SentEmail } from "../../../../functions/_shared/contracts/jobs.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { useApi } from "../../ui/context.tsx";
import { useLive } from "../../ui/use-live.ts";

const PAGE = 50;
/** As many as the API gives at once. */
const MOST = 200;
const LIVE_PAUSE_MS = 1000;

/** The tenant's mails, newest first, kept up to date with the jobs that send them. */
export function useEmails(initial: List<SentEmail> | null) {
  const api = useApi();
  const [emails, setEmails] = useState<readonly SentEmail[] | null>(initial?.data ?? null);
  const [cursor, setCursor] = useState(initial?.page.next_cursor ?? null);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const shown = useRef(PAGE);

  async function attempt(work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
      setFailure(null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.message);
    } finally {
      setBusy(false);
    }
  }

  const older = (next: string) =>
    attempt(async () => {
      const query = { limit: PAGE, cursor: next };
      const { data, page } = await api<List<SentEmail>>("GET", "/emails", { query });
      shown.current = Math.min(MOST, shown.current + data.length);
      setEmails((all) => [...(all ?? []), ...data]);
      setCursor(page.next_cursor);
    });

  /** As many as are shown, as they are now. */
  const reload = async () => {
    const query = { limit: shown.current };
    const { data, page } = await api<List<SentEmail>>("GET", "/emails", { query });
    setEmails(data);
    setCursor(page.next_cursor);
  };

  const current = useRef(reload);
  current.current = reload;
  const follow = useMemo(
    // What is shown stays when the news cannot be had; the button says so when it is asked for.
    () => inTurn(() => current.current().catch(() => undefined), LIVE_PAUSE_MS),
    [],
  );
  useLive(({ kind }) => {
    if (kind === "jobs" || kind === "refresh") void follow();
  });

  return {
    emails,
    busy,
    failure,
    refresh: () => attempt(reload),
    more: cursor ? () => older(cursor) : null,
  };
}
