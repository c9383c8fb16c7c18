/** Tells open pages whose jobs began or ended: at most once a second, however many jobs there were. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, WorkerEvents } from "graphile-worker";
import type { Logger } from "pino";
import type { Sql } from "postgres";

const PAUSE_MS = 1_000;

/** Listens to the runner's events until `signal` is aborted. */
export function tellJobs(events: WorkerEvents, sql: Sql, log: Logger, signal: AbortSignal): void {
  const tenants = new Set<string>();
  let planned = false;

  async function tell(): Promise<void> {
    await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => {});
    planned = false;
    const told = [...tenants];
    tenants.clear();
    if (!signal.aborted) await sql`select private.tell_jobs(${told}::uuid[])`;
  }

  function note({ job }: { job: Job }): void {
    const tenant = tenantOf(job.payload);
    if (tenant === undefined) return;
    tenants.add(tenant);
    if (planned) return;
    planned = true;
    tell().catch((err: unknown) => log.warn({ err }, "could not tell whose jobs changed"));
  }

  events.on("job:start", note);
  events.on("job:complete", note);
}

function tenantOf(payload: unknown): string | undefined {
  if (typeof payload !== "object" || payload === null || !("tenant_id" in payload)) return;
  return typeof payload.tenant_id === "string" ? payload.tenant_id : undefined;
}
