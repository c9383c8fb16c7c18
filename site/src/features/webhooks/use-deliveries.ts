import { useEffect, useMemo, useRef, useState } from "react";
import type { Delivery, DeliveryStatus } from "../../../../functions/_shared/contracts/webhooks.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";

const PAGE = 25;
/** As many as the API gives at once. */
const MOST = 200;
/** How often it is asked what has become of them: while something is under way, and otherwise. */
const BUSY_MS = 2_000;
const IDLE_MS = 10_000;
const NO_PAUSE_MS = 0;

export type Filter = DeliveryStatus | "all";

/**
 * An endpoint's deliveries, newest first, kept up to date while the page is looked at.
 * @param follow false while the endpoint is being deleted: then there is nothing to ask for.
 */
export function useDeliveries(webhook: string, initial: List<Delivery>, follow: boolean) {
  const api = useApi();
  const [filter, setFilter] = useState<Filter>("all");
  const [deliveries, setDeliveries] = useState<readonly Delivery[]>(initial.data);
  const [cursor, setCursor] = useState(initial.page.next_cursor);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const asked = useRef({ filter, shown: PAGE });
  const path = `/webhooks/${webhook}/deliveries`;

  /** As many as are shown, as they are now. */
  const refresh = useMemo(
    () =>
      inTurn(async () => {
        const { filter: status, shown } = asked.current;
        const query = { limit: shown, status: status === "all" ? undefined : status };
        try {
          const { data, page } = await api<List<Delivery>>("GET", path, { query });
          // Somebody may have chosen another filter meanwhile.
          if (status !== asked.current.filter) return;
          setDeliveries(data);
          setCursor(page.next_cursor);
          setFailure(null);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          setFailure(error.message);
        }
      }, NO_PAUSE_MS),
    [api, path],
  );

  const underWay = deliveries.some(({ status }) => status === "pending");
  useEffect(() => {
    if (!follow) return;
    const timer = setInterval(
      () => {
        if (!document.hidden) void refresh();
      },
      underWay ? BUSY_MS : IDLE_MS,
    );
    return () => clearInterval(timer);
  }, [refresh, underWay, follow]);

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

  return {
    deliveries,
    filter,
    failure,
    busy,
    refresh,
    choose(next: Filter) {
      asked.current = { filter: next, shown: PAGE };
      setFilter(next);
      void refresh();
    },
    replay: ({ id }: Delivery) =>
      attempt("It was not sent again", async () => {
        await api("POST", `/webhooks/deliveries/${id}/replay`);
        toast({ kind: "success", title: "It is sent again" });
        await refresh();
      }),
    replayFailed: (since: string) =>
      attempt("Nothing was sent again", async () => {
        const { replayed } = await api<{ replayed: number }>(
          "POST",
          `/webhooks/${webhook}/replay`,
          {
            body: { since },
          },
        );
        const title = replayed === 1 ? "One delivery is" : `${replayed} deliveries are`;
        toast({ kind: "success", title: `${title} sent again` });
        await refresh();
      }),
    more: cursor
      ? () =>
          attempt("Older deliveries could not be loaded", async () => {
            asked.current.shown = Math.min(MOST, deliveries.length + PAGE);
            const query = { limit: PAGE, cursor, status: filter === "all" ? undefined : filter };
            const { data, page } = await api<List<Delivery>>("GET", path, { query });
            setDeliveries((all) => [...all, ...data]);
            setCursor(page.next_cursor);
          })
      : null,
  };
}
