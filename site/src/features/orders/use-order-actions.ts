import { useState } from "react";
import type { Order, OrderStatus } from "../../../../functions/_shared/contracts/orders.ts";
import type { TimelineEntry } from "../../../../functions/_shared/contracts/timeline.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi, useHref } from "../../ui/context.tsx";
import { leaveWithToast, toast } from "../../ui/toast.ts";
import { STATUS } from "./status.ts";

/** What can be done with one order. Each shows its outcome, and what it undoes where it can be undone. */
export function useOrderActions(
  order: Order,
  setOrder: (order: Order) => void,
  setTimeline: (entries: TimelineEntry[]) => void,
) {
  const api = useApi();
  const href = useHref();
  const [busy, setBusy] = useState(false);
  const path = `/orders/${order.id}`;

  async function reload() {
    const [fresh, timeline] = await Promise.all([
      api<Order>("GET", path),
      api<{ data: TimelineEntry[] }>("GET", `${path}/timeline`),
    ]);
    setOrder(fresh);
    setTimeline(timeline.data);
  }

  /** Shows what somebody else made of the order meanwhile. */
  async function look() {
    const fresh = await api<Order>("GET", path);
    if (fresh.version === order.version) return;
    await reload();
    if (fresh.status !== order.status) {
      toast({ kind: "success", title: `${fresh.number} is now ${STATUS[fresh.status].label}` });
    }
  }

  async function attempt(failure: string, work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const stale = error.code === "version_mismatch" || error.code === "invalid_transition";
      const detail = stale
        ? "Somebody else changed this order meanwhile. You now see it as it is."
        : error.message;
      toast({ kind: "error", title: failure, detail });
      if (stale) await reload().catch(() => undefined);
    } finally {
      setBusy(false);
    }
  }

  const setStatus = (status: OrderStatus) =>
    attempt("The status was not changed", async () => {
      await api("PATCH", path, { body: { status }, ifMatch: order.version });
      await reload();
      toast({ kind: "success", title: `${order.number}: ${STATUS[status].label}` });
    });

  const restore = () =>
    attempt("The order was not restored", async () => {
      await api("POST", `${path}/restore`);
      await reload();
      toast({ kind: "success", title: `${order.number} restored` });
    });

  const trash = () =>
    attempt("The order was not moved to the trash", async () => {
      await api("DELETE", path, { ifMatch: order.version });
      await reload();
      const undo = { label: "Undo", run: () => void restore() };
      toast({ kind: "success", title: `${order.number} moved to the trash`, action: undo });
    });

  const duplicate = () =>
    attempt("The order was not duplicated", async () => {
      const copy = await api<Order>("POST", `${path}/duplicate`);
      leaveWithToast(href(`orders/${copy.id}`), `${copy.number} made from ${order.number}`);
    });

  return { busy, look, setStatus, trash, restore, duplicate };
}

export type OrderActions = ReturnType<typeof useOrderActions>;
