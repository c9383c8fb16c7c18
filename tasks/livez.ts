import { createServer, type Server, type ServerResponse } from "node:http";
import type { Sql } from "postgres";
import type { Metrics } from "./metrics.ts";

const PROBE_MS = 1_000;

type Options = {
  host: string;
  port: number;
  sql: Sql;
  metrics: Metrics;
  version: string;
  running: () => boolean;
};

/**
 * Serves GET /livez, with what runs here: 200 while jobs are being taken and the database answers, else 503; and
 * GET /metrics for Prometheus.
 * @throws Error when the port cannot be had.
 */
export async function serveLivez(options: Options): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/livez") void answerLivez(options, response);
    else if (request.url === "/metrics") void answerMetrics(options.metrics, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
}

async function answerLivez(options: Options, response: ServerResponse): Promise<void> {
  const ok = await alive(options);
  response.writeHead(ok ? 200 : 503, { "content-type": "application/json" });
  const { version } = options;
  response.end(
    JSON.stringify({ status: ok ? "ok" : "down", version, node: process.versions.node }),
  );
}

async function answerMetrics(metrics: Metrics, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.text();
    response.writeHead(200, { "content-type": metrics.contentType }).end(text);
  } catch {
    response.writeHead(503).end();
  }
}

async function alive({ sql, running }: Options): Promise<boolean> {
  if (!running()) return false;
  const probe = sql`select 1`.then(
    () => true,
    () => false,
  );
  const late = new Promise<boolean>((resolve) => {
    setTimeout(resolve, PROBE_MS, false).unref();
  });
  return Promise.race([probe, late]);
}
