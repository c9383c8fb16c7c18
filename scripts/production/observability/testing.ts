/** For tests: the metrics that the running parts offer, and what is wrong with a query of them. */
import postgres from "postgres";
import { makeMetrics } from "../../../tasks/metrics.ts";
import { stack } from "../../stack/testing.ts";
import { offeredBy, readPromql } from "./promql.ts";

/** Those of others: Prometheus' own, and node_exporter's. */
const OF_OTHERS = [
  "up",
  "node_cpu_seconds_total",
  "node_filesystem_avail_bytes",
  "node_filesystem_size_bytes",
  "node_memory_MemAvailable_bytes",
  "node_memory_MemTotal_bytes",
];

/** Every metric that there is, by name. */
export async function offered(): Promise<Set<string>> {
  const pages = await Promise.all(
    Object.values(stack().metrics).map(async (url) => await (await fetch(url)).text()),
  );
  return new Set([...OF_OTHERS, ...[...pages, await afterABackup()].flatMap(offeredBy)]);
}

/** What the worker's metrics say once there was a backup; nobody else sees that one. */
async function afterABackup(): Promise<string> {
  const sql = postgres(stack().database_url, { max: 1, onnotice: () => {} });
  try {
    await sql`begin`;
    await sql`
      insert into private.backups (id, state, ended_at, bytes) values ('tried', 'proven', now(), 1)`;
    return await makeMetrics(sql, { version: "0.0.0", backsUp: true }).text();
  } finally {
    await sql`rollback`;
    await sql.end();
  }
}

/** What is wrong with a query, given what there is. */
export function faultsOf(expr: string, known: ReadonlySet<string>): string[] {
  const { metrics, faults } = readPromql(expr);
  const unknown = metrics.filter((name) => !known.has(name));
  return [...faults, ...unknown.map((name) => `nobody offers ${name}`)];
}
