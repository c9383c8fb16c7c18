/** The functions' one process: listens, and hands every request to the route that it is for. */
import { env } from "../_shared/env.ts";
import { makeHandler } from "../_shared/handler.ts";
import { log } from "../_shared/log.ts";
import { serveMetrics } from "../_shared/metrics.ts";
import { closePool } from "../_shared/pool.ts";
import { reportError, startReporting, stopReporting } from "../_shared/telemetry/reporting.ts";
import { startTracing, stopTracing } from "../_shared/telemetry/tracing.ts";
import { closeHub } from "../events/hub.ts";
import { functions } from "./functions.ts";

/** Requests under way may take this long once the process was asked to stop. */
const GRACE_MS = 5_000;

// One request's forgotten promise must not end the others.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const { reason } = event;
  log.error({ err: reason instanceof Error ? { stack: reason.stack } : {} }, "unhandled rejection");
  reportError(reason, {});
});

await startTracing("functions", env.KONTOR_VERSION, env);
await startReporting("functions", env.KONTOR_VERSION, env);
const metrics = serveMetrics();
const server = Deno.serve({
  hostname: env.HOST,
  port: env.PORT,
  onListen: ({ hostname, port }) => log.info({ hostname, port }, "listening"),
}, makeHandler(functions));

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    setTimeout(() => Deno.exit(0), GRACE_MS);
    const quiet = Promise.all([server.shutdown(), closeHub()]); // streams would not end by themselves
    void metrics?.shutdown();
    const told = quiet.then(() => Promise.all([closePool(), stopTracing(), stopReporting()]));
    void told.finally(() => Deno.exit(0));
  });
}
