import { useState } from "react";
import type { ApiKey } from "../../../../functions/_shared/contracts/api_keys.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";

/** The tenant's keys, newest first, and what can be done with them. */
export function useApiKeys(initial: readonly ApiKey[] | null) {
  const api = useApi();
  const [keys, setKeys] = useState(initial);
  const [busy, setBusy] = useState(false);

  async function attempt(failure: string, work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: failure, detail: error.message });
    } finally {
      setBusy(false);
    }
  }

  const load = async () => {
    setKeys((await api<{ data: ApiKey[] }>("GET", "/api-keys")).data);
  };

  return {
    keys,
    busy,
    reload: () => attempt("The keys could not be loaded", load),
    made: (key: ApiKey) => setKeys((all) => [key, ...(all ?? [])]),
    revoke: ({ id, label }: ApiKey) =>
      attempt(`${label} was not revoked`, async () => {
        await api("DELETE", `/api-keys/${id}`);
        toast({ kind: "success", title: `${label} revoked` });
        await load();
      }),
  };
}
