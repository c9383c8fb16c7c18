/** The portal's `/api/*`: the functions as they are. */
import type { IncomingMessage, RequestListener } from "node:http";
import { createForwarder } from "./http/forward.ts";
import { upstreamHeaders } from "./http/headers.ts";
import { answering, requireHost } from "./http/server.ts";
import { log } from "./log.ts";

const PREFIX = "/api";
/** The functions' own limit of a body: 1 MiB. */
const BODY_LIMIT = 1024 * 1024;

/** Whether a request is for the API rather than for a page. */
export function isForApi({ url = "/" }: IncomingMessage): boolean {
  return url.startsWith(PREFIX) && ["", "/", "?"].includes(url.charAt(PREFIX.length));
}

/**
 * Makes what answers requests for which `isForApi` holds.
 * @param functionsUrl the functions' origin.
 */
export function createApi(functionsUrl: string): {
  listener: RequestListener;
  close(): Promise<void>;
} {
  const { origin } = new URL(functionsUrl);
  const forwarder = createForwarder();
  const listener = answering(
    async (request, response, requestId) => {
      requireHost(request);
      await forwarder.forward({
        request,
        response,
        origin,
        path: `/functions/v1${(request.url ?? "").slice(PREFIX.length)}`,
        headers: {
          ...upstreamHeaders(request.headers, {
            peer: String(request.headers["x-forwarded-for"]),
            requestId,
            authorization: false,
            host: undefined,
            keepApikey: true,
          }),
          "x-forwarded-prefix": PREFIX,
        },
        ownHeaders: { "x-request-id": requestId, "x-content-type-options": "nosniff" },
        bodyLimit: BODY_LIMIT,
      });
    },
    { log: (fields, message) => log.warn(fields, message) },
  );
  return { listener, close: () => forwarder.close() };
}
