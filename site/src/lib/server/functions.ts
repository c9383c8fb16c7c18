import { type Api, createApi } from "../api/client.ts";
import { env } from "../env.ts";

/** What a page's request passes on to the functions. */
export type Caller = {
  cookie: string | null;
  requestId: string;
  clientAddress: string;
  userAgent: string | null;
  /** What the functions are told of the trace that the page belongs to. */
  traceparent: string | undefined;
};

/** Longer than this a page does not wait for the functions. */
export const ANSWERS_WITHIN_MS = 20_000;

export const functionsBase = `${env.FUNCTIONS_URL.replace(/\/$/, "")}/functions/v1`;

/**
 * The headers under which the portal speaks for a browser. The Origin is the portal's own: callers have
 * compared the browser's with it before.
 */
export function callerHeaders(caller: Caller, tenantId?: string): Record<string, string> {
  return {
    origin: new URL(env.PORTAL_URL).origin,
    "x-request-id": caller.requestId,
    "x-forwarded-for": caller.clientAddress,
    "x-forwarded-prefix": "/api",
    ...(caller.cookie ? { cookie: caller.cookie } : {}),
    ...(caller.userAgent ? { "user-agent": caller.userAgent } : {}),
    ...(caller.traceparent ? { traceparent: caller.traceparent } : {}),
    ...(tenantId ? { "x-tenant-id": tenantId } : {}),
  };
}

/** The API as the browser's caller, called from a page's own code. */
export function serverApi(caller: Caller, tenantId?: string): Api {
  return createApi({ base: functionsBase, headers: () => callerHeaders(caller, tenantId) });
}
