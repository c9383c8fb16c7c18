import { createServer, type Server } from "node:http";
import type { Sql } from "postgres";

const PROBE_MS = 1_000;

type Options = { host: string; port: number; sql: Sql; running: () => boolean };

/**
 * Serves GET /livez: 200 while jobs are being taken and the database answers, else 503.
 * @throws Error when the port cannot be had.
 */
export async function serveLivez(options: Options): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== "/livez") {
      response.writeHead(404).end();
      return;
    }
    void alive(options).then((ok) => {
      response.writeHead(ok ? 200 : 503, { "content-type": "application/json" });
      response.end(JSON.stringify({ status: ok ? "ok" : "down" }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
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
