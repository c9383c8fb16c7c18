/** The functions' one process: listens, and hands every request to the route that it is for. */
import { env } from "../_shared/env.ts";
import { makeHandler } from "../_shared/handler.ts";
import { log } from "../_shared/log.ts";
import { functions } from "./functions.ts";

// One request's forgotten promise must not end the others.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const { reason } = event;
  log.error({ err: reason instanceof Error ? { stack: reason.stack } : {} }, "unhandled rejection");
});

Deno.serve({
  hostname: env.HOST,
  port: env.PORT,
  onListen: ({ hostname, port }) => log.info({ hostname, port }, "listening"),
}, makeHandler(functions));
