import type { Export } from "../../../../functions/_shared/contracts/exports.ts";
import { type Api, ApiError } from "../../lib/api/client.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { liveOf } from "../../lib/live.ts";
import { dismissToast, toast } from "../../ui/toast.ts";
import { isUnderWay } from "./labels.ts";

const POLL_MS = 1500;

type Where = { api: Api; tenantId: string; href: (path: string) => string };

/** Says that an export is being made and, as long as its page stays open, how it ended: with its download. */
export function followExport({ id }: Export, { api, tenantId, href }: Where): void {
  const showAll = { label: "Show exports", run: () => location.assign(href("exports")) };
  const began = toast({
    kind: "success",
    title: "The file is being made",
    detail: "You may go on working meanwhile.",
    action: showAll,
    lasting: true,
  });
  const live = liveOf(tenantId);

  const look = inTurn(async () => {
    try {
      const now = await api<Export>("GET", `/exports/${id}`);
      if (!isUnderWay(now)) end(now);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status >= 400 && error.status < 500 && error.status !== 429) end(null);
    }
  });
  // Told by the server, or else asked for.
  const unfollow = live.onEvent((event) => {
    const ours = event.kind === "refresh" || (event.kind === "export" && event.id === id);
    if (ours) void look();
  });
  const timer = setInterval(() => {
    if (!live.isOpen() && !document.hidden) void look();
  }, POLL_MS);

  let ended = false;
  function end(now: Export | null): void {
    if (ended) return;
    ended = true;
    unfollow();
    clearInterval(timer);
    dismissToast(began);
    if (now?.status === "succeeded") {
      const run = () => location.assign(href(`exports/${id}`));
      toast({
        kind: "success",
        title: "The file is ready",
        detail: now.file_name,
        action: { label: "Download", run },
        lasting: true,
      });
    } else if (now?.status === "failed") {
      toast({ kind: "error", title: "The file could not be made", action: showAll, lasting: true });
    }
  }
}
