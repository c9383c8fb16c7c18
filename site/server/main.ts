/**
 * The portal's server: `/api/*` goes to the functions without a detour through the pages, everything
 * else to the pages and files that `astro build` made. Its argument is the folder of that build.
 */
import { createServer, type RequestListener } from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { endOnCrash } from "../../functions/_shared/telemetry/crashes.ts";
import { startReporting, stopReporting } from "../../functions/_shared/telemetry/reporting.ts";
import { startTracing, stopTracing } from "../../functions/_shared/telemetry/tracing.ts";
import { env, forbidOwnServer } from "../src/lib/env.ts";
import { createApi, isForApi } from "./api.ts";
import { createAddressOf } from "./http/address.ts";
import { answerClientErrors, closeServer, SERVER_OPTIONS } from "./http/server.ts";
import { log } from "./log.ts";
import { serveMetrics } from "./metrics.ts";
import { observe } from "./observe.ts";

const build = process.argv[2] ?? path.join(import.meta.dirname, "..", "dist");

/** The build's own server would listen by itself; it only lends us its handler. */
async function loadPages(): Promise<RequestListener> {
  forbidOwnServer();
  const entry: unknown = await import(pathToFileURL(path.join(build, "server", "entry.mjs")).href);
  if (typeof entry === "object" && entry !== null && "handler" in entry) {
    const { handler } = entry;
    if (typeof handler === "function") return (request, response) => handler(request, response);
  }
  throw new Error(`${build} is not a build of the portal`);
}

await startTracing("site", env.KONTOR_VERSION, env);
await startReporting("site", env.KONTOR_VERSION, env);
endOnCrash(log);
const pages = await loadPages();
const api = createApi(env.FUNCTIONS_URL);
const addressOf = createAddressOf(env.TRUSTED_PROXIES);
const observed = observe((request, response) =>
  (isForApi(request) ? api.listener : pages)(request, response),
);

const server = createServer(SERVER_OPTIONS, (request, response) => {
  // Pages and functions alike read it from here, and nobody else may have written it.
  request.headers["x-forwarded-for"] = addressOf(request);
  observed(request, response);
});
answerClientErrors(server);
server.listen(env.PORT, env.HOST);
const metrics = serveMetrics();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    metrics?.close();
    await closeServer(server);
    await Promise.all([api.close(), stopTracing(), stopReporting()]);
    process.exit(0);
  });
}
