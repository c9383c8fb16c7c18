import { useState } from "react";
import type { Analyst, AnalystLogin } from "../../../../functions/_shared/contracts/analysts.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";

/** The tenant's logins, newest first, and what can be done with them. */
export function useAnalysts(initial: readonly Analyst[] | null) {
  const api = useApi();
  const [analysts, setAnalysts] = useState(initial);
  const [busy, setBusy] = useState(false);
  const [login, setLogin] = useState<AnalystLogin | null>(null);

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
    setAnalysts((await api<{ data: Analyst[] }>("GET", "/analysts")).data);
  };

  return {
    analysts,
    busy,
    /** What was just made, to be shown this once. */
    login,
    forget: () => setLogin(null),
    reload: () => attempt("The logins could not be loaded", load),
    made: (one: AnalystLogin) => {
      setLogin(one);
      void attempt("The logins could not be loaded", load);
    },
    rotate: ({ role_name, label }: Analyst) =>
      attempt(`${label} has its old password still`, async () => {
        setLogin(await api<AnalystLogin>("POST", `/analysts/${role_name}/rotate`));
      }),
    revoke: ({ role_name, label }: Analyst) =>
      attempt(`${label} was not revoked`, async () => {
        await api("DELETE", `/analysts/${role_name}`);
        toast({ kind: "success", title: `${label} revoked` });
        await load();
      }),
  };
}
