/** The report: all checks at once, each with its own time limit, and one run for many callers. */
import { type Check, type CheckName, CHECKS, type Health } from "../_shared/contracts/health.ts";
import { env } from "../_shared/env.ts";
import { probes } from "./probes.ts";

const TIMEOUT_MS = 1_000;
const CACHED_MS = 2_000;
/** Without these nobody can work; without the others much can still be done. */
const VITAL: ReadonlySet<CheckName> = new Set(["database", "auth", "rest", "functions"]);

let latest: { report: Promise<Health>; until: number } | undefined;

/** The present state of the parts, examined anew when the last report is two seconds old. Never throws. */
export function currentHealth(): Promise<Health> {
  if (latest !== undefined && Date.now() < latest.until) return latest.report;
  const run = { report: examine(), until: Number.POSITIVE_INFINITY };
  latest = run;
  run.report.finally(() => {
    run.until = Date.now() + CACHED_MS;
  });
  return run.report;
}

/** The report for anybody: how each part is, and not why. */
export function withoutDetails({ checks, ...rest }: Health): Health {
  const bare = Object.entries(checks).map(([name, { detail: _, ...check }]) => [name, check]);
  return { ...rest, checks: Object.fromEntries(bare) as Health["checks"] };
}

async function examine(): Promise<Health> {
  const results = await Promise.all(
    CHECKS.map(async (name): Promise<[CheckName, Check]> => [name, await inspect(name)]),
  );
  const down = results.filter(([, check]) => check.status === "down").map(([name]) => name);
  const status = down.some((name) => VITAL.has(name))
    ? "down"
    : down.length > 0
    ? "degraded"
    : "ok";
  const checks = Object.fromEntries(results) as Record<CheckName, Check>; // one for each of CHECKS
  return { status, version: env.KONTOR_VERSION, checks };
}

async function inspect(name: CheckName): Promise<Check> {
  const probe = probes[name];
  if (probe === null) return { status: "skipped", latency_ms: 0, detail: "not configured" };
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
  const started = performance.now();
  const fault = await Promise.race([
    probe(limit.signal).catch(() => limit.signal.aborted ? "no answer in time" : "unreachable"),
    new Promise<string>((resolve) => {
      limit.signal.addEventListener("abort", () => resolve("no answer in time"), { once: true });
    }),
  ]);
  clearTimeout(timer);
  const latency_ms = Math.round((performance.now() - started) * 10) / 10;
  if (fault === null) return { status: "ok", latency_ms };
  if (typeof fault === "object") return { status: "skipped", latency_ms, detail: fault.absent };
  return { status: "down", latency_ms, detail: fault };
}
