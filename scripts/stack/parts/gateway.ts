/** The gateway on API_PORT: /auth/v1, /rest/v1, /functions/v1 and /storage/v1/s3. */
import { pino } from "pino";
import { logOptions } from "../../../functions/_shared/telemetry/log_options.ts";
import { answerClientErrors, SERVER_OPTIONS } from "../../../site/server/http/server.ts";
import type { Part, StackContext } from "../part.ts";
import { createGatewayHandler } from "./gateway_server.ts";
import { httpPart } from "./http_part.ts";

/** Makes the part; it needs nothing: a part that is down is answered with 503. */
export function createGateway(ctx: StackContext): Part {
  const log = pino(logOptions("gateway", "info"), {
    write: (line) => ctx.log("gateway", line),
  });
  return httpPart({
    name: "gateway",
    needs: [],
    port: ctx.ports.gateway,
    probe: "/",
    options: SERVER_OPTIONS,
    open: async () => ({
      ...createGatewayHandler({
        upstreams: ctx.upstreams,
        keys: ctx.secrets,
        portal: ctx.urls.portal,
        trustedProxies: ctx.trustedProxies,
        keepApikey: ctx.external.supabase,
        log: (fields, message) => log.warn(fields, message),
      }),
      prepare: answerClientErrors,
    }),
  });
}
