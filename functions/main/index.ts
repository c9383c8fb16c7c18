/** The functions' one process: listens, and hands every request to the route that it is for. */
import { env } from "../_shared/env.ts";
import { makeHandler } from "../_shared/handler.ts";
import { log } from "../_shared/log.ts";
import { functions } from "./functions.ts";

Deno.serve({
  hostname: env.HOST,
  port: env.PORT,
  onListen: ({ hostname, port }) => log.info({ hostname, port }, "listening"),
}, makeHandler(functions));
