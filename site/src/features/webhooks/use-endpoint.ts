import { useCallback, useState } from "react";
import type {
  Delivery,
  Webhook,
  WebhookWithSecret,
} from "../../../../functions/_shared/contracts/webhooks.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi, useHref } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";

/** An endpoint as it is now, and what can be done with it. */
export function useEndpoint(initial: Webhook) {
  const api = useApi();
  const href = useHref();
  const [endpoint, setEndpoint] = useState(initial);
  const [secret, setSecret] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [gone, setGone] = useState(false);
  const path = `/webhooks/${initial.id}`;

  const refresh = useCallback(async () => {
    try {
      setEndpoint(await api<Webhook>("GET", path));
    } catch (error) {
      // The log beside it says when Kontor does not answer.
      if (!(error instanceof ApiError)) throw error;
    }
  }, [api, path]);

  /** Does something and says when it failed; null then. */
  async function attempt<T>(failure: string, work: () => Promise<T>): Promise<T | null> {
    setBusy(true);
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: failure, detail: error.message });
      return null;
    } finally {
      setBusy(false);
    }
  }

  return {
    endpoint,
    setEndpoint,
    secret,
    closeSecret: () => setSecret(null),
    busy,
    gone,
    refresh,
    async setActive(active: boolean) {
      const body = { active };
      const changed = await attempt("The endpoint was not changed", () =>
        api<Webhook>("PATCH", path, { body }),
      );
      if (changed) setEndpoint(changed);
    },
    async rotate() {
      const rotated = await attempt("The secret was not rotated", () =>
        api<WebhookWithSecret>("POST", `${path}/rotate`),
      );
      if (!rotated) return;
      const { secret: fresh, ...changed } = rotated;
      setEndpoint(changed);
      setSecret(fresh);
    },
    async test(): Promise<boolean> {
      const sent = await attempt("The test was not sent", () =>
        api<Delivery>("POST", `${path}/test`),
      );
      if (sent) toast({ kind: "success", title: "A test is on its way" });
      return sent !== null;
    },
    async remove() {
      const deleted = await attempt("The endpoint was not deleted", async () => {
        await api("DELETE", path);
        setGone(true);
        return true;
      });
      if (deleted) location.assign(href("webhooks"));
    },
  };
}
