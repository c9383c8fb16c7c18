/** What Prometheus reads of the portal's server, on a port of its own that no proxy leads to. */
import { createServer, type Server } from "node:http";
import { collectDefaultMetrics, Registry } from "prom-client";
import { httpMetrics } from "../../functions/_shared/telemetry/http_metrics.ts";
import { env } from "../src/lib/env.ts";

const register = new Registry();
collectDefaultMetrics({ register });

/** Begins to measure a request. */
export const measure = httpMetrics(register, env.KONTOR_VERSION);

/** Serves GET /metrics on METRICS_PORT; nothing when that is not set. */
export function serveMetrics(): Server | undefined {
  if (env.METRICS_PORT === undefined) return undefined;
  const server = createServer(async (request, response) => {
    if (request.url !== "/metrics") return void response.writeHead(404).end();
    const text = await register.metrics();
    response.writeHead(200, { "content-type": register.contentType }).end(text);
  });
  return server.listen(env.METRICS_PORT, env.HOST);
}
