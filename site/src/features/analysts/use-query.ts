import { useRef, useState } from "react";
import type { SqlResult } from "../../../../functions/_shared/contracts/analysts.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";

export type Place = { line: number; column: number };
export type Outcome =
  | { is: "none" }
  | { is: "stopped" }
  | { is: "failed"; why: string; place: Place | null }
  | { is: "done"; result: SqlResult };

/** Where a refusal says that the fault is. */
function placeIn(message: string): Place | null {
  const found = /^Line (\d+), column (\d+):/.exec(message);
  return found ? { line: Number(found[1]), column: Number(found[2]) } : null;
}

/** Runs one statement at a time; stopping it stops it in the database, too. */
export function useQuery() {
  const api = useApi();
  const [outcome, setOutcome] = useState<Outcome>({ is: "none" });
  const [running, setRunning] = useState(false);
  const current = useRef<AbortController | null>(null);

  async function run(sql: string, max_rows: number): Promise<Outcome | null> {
    if (current.current !== null || sql.trim() === "") return null;
    const controller = new AbortController();
    current.current = controller;
    setRunning(true);
    const finish = (found: Outcome) => {
      current.current = null;
      setRunning(false);
      setOutcome(found);
      return found;
    };
    try {
      const { signal } = controller;
      const body = { sql, max_rows };
      const result = await api<SqlResult>("POST", "/analysts/query", { body, signal });
      return finish({ is: "done", result });
    } catch (error) {
      if (controller.signal.aborted) return finish({ is: "stopped" });
      const why = error instanceof ApiError ? error.message : "Something went wrong in this page.";
      return finish({ is: "failed", why, place: placeIn(why) });
    }
  }

  return { outcome, running, run, stop: () => current.current?.abort() };
}
