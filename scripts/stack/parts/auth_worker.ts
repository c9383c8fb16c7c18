/**
 * The auth server in a thread of its own: hashing a password would hold up every request of the
 * gateway for its time, and what the library prints belongs into the part's log.
 */
import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { getRequestListener } from "@hono/node-server";
import { z } from "zod";
import { closeServer } from "../../../site/server/http/server.ts";
import { createAuthApp } from "./auth_app.ts";
import { listen } from "./http_part.ts";

/** What auth.ts hands over. */
export const authWorkerData = z.object({
  port: z.number(),
  databaseUrl: z.string(),
  jwtSecret: z.string(),
  siteUrl: z.string(),
  publicUrl: z.string(),
  smtpUrl: z.string(),
});

if (parentPort) {
  const { port, ...options } = authWorkerData.parse(workerData);
  const app = createAuthApp({ ...options, log: (text) => console.error(text) });
  const server = createServer(getRequestListener(app.fetch));
  await listen(server, port, "auth");
  parentPort.once("message", async () => {
    await closeServer(server);
    await app.close();
    process.exit();
  });
  parentPort.postMessage("listening");
}
