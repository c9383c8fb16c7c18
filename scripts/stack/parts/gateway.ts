/** The gateway on API_PORT: /auth/v1, /rest/v1, /functions/v1 and /storage/v1/s3. */
import type { Part, StackContext } from "../part.ts";
import {
  answerClientErrors,
  createGatewayHandler,
  GATEWAY_SERVER_OPTIONS,
} from "./gateway_server.ts";
import { httpPart } from "./http_part.ts";

/** Makes the part; it needs nothing: a part that is down is answered with 503. */
export function createGateway(ctx: StackContext): Part {
  return httpPart({
    name: "gateway",
    needs: [],
    port: ctx.ports.gateway,
    probe: "/",
    options: GATEWAY_SERVER_OPTIONS,
    open: async () => ({
      ...createGatewayHandler({
        upstreams: ctx.upstreams,
        keys: ctx.secrets,
        portal: ctx.urls.portal,
        keepApikey: ctx.external.supabase,
        log: (text) => ctx.log("gateway", text),
      }),
      prepare: answerClientErrors,
    }),
  });
}
