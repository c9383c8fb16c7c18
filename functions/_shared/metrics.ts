/** What Prometheus reads of the functions, on a port of its own that no gateway leads to. */
import { Gauge, Registry } from "prom-client";
import { env } from "./env.ts";
import { poolState } from "./pool.ts";
import { httpMetrics } from "./telemetry/http_metrics.ts";

const register = new Registry();

/** Begins to measure a request. */
export const measure = httpMetrics(register, env.KONTOR_VERSION);

function gauge(name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [register],
    collect() {
      this.set(read());
    },
  });
}

new Gauge({
  name: "kontor_db_pool_connections",
  help: "Connections to the database that requests borrow, by whether one has them",
  labelNames: ["state"] as const,
  registers: [register],
  collect() {
    const { busy, idle } = poolState();
    this.set({ state: "busy" }, busy);
    this.set({ state: "idle" }, idle);
  },
});
gauge("kontor_db_pool_size", "How many there may be", () => env.DATABASE_POOL_SIZE);
gauge("kontor_db_pool_waiting", "Requests that wait for one", () => poolState().waiting);

// Under the names of prom-client's own, which know Node only.
const startedAt = Date.now() / 1_000;
gauge("process_start_time_seconds", "When the process began", () => startedAt);
gauge(
  "process_resident_memory_bytes",
  "Memory that the process holds",
  () => Deno.memoryUsage().rss,
);
gauge("process_heap_bytes", "Of it, what V8 uses", () => Deno.memoryUsage().heapUsed);

/** Serves GET /metrics on METRICS_PORT; nothing when that is not set. */
export function serveMetrics(): Deno.HttpServer | undefined {
  if (env.METRICS_PORT === undefined) return undefined;
  return Deno.serve({
    hostname: env.HOST,
    port: env.METRICS_PORT,
    onListen: () => {},
  }, async (request) => {
    if (new URL(request.url).pathname !== "/metrics") return new Response(null, { status: 404 });
    return new Response(await register.metrics(), {
      headers: { "content-type": register.contentType },
    });
  });
}
