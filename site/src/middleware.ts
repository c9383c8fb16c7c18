import { defineMiddleware, sequence } from "astro:middleware";
import { provenance } from "../../functions/_shared/origin.ts";
import { requestIdFrom } from "../../functions/_shared/telemetry/request_id.ts";
import { env } from "./lib/env.ts";
import { type Caller, serverApi } from "./lib/server/functions.ts";
import { securePage } from "./lib/server/headers.ts";
import { LAST_TENANT_COOKIE } from "./lib/server/home.ts";
import { formattingLocale } from "./lib/server/locale.ts";
import { observed } from "./lib/server/observed.ts";
import { applySetCookies, resolveSession } from "./lib/server/session.ts";

const SAFE_METHODS = new Set(["GET", "HEAD"]);

const YEAR_SECONDS = 365 * 24 * 3600;

/** Who calls, and how they like to see things. */
const identify = defineMiddleware(async (context, next) => {
  const { request, locals, cookies } = context;
  const observation = observed.getStore();
  if (observation) observation.route = context.routePattern;
  locals.caller = callerOf(context);
  locals.api = serverApi(locals.caller);
  locals.session = null;
  locals.tenant = null;
  locals.locale = formattingLocale(request.headers.get("accept-language"));
  const theme = cookies.get("kontor-theme")?.value;
  locals.theme = theme === "light" || theme === "dark" ? theme : null;
  return securePage(await next(), locals.caller.requestId);
});

/** Whatever fails while a page is made: one line in the log, and a page that says so. */
const explainFailure = defineMiddleware(async (context, next) => {
  try {
    return await next();
  } catch (error) {
    const observation = observed.getStore();
    if (observation) observation.failed(error);
    else console.error(error);
    context.locals.failed = true;
    const page = await next(new Request(new URL("/500", context.url)));
    return new Response(page.body, { status: 503, headers: page.headers });
  }
});

/** A form sent by a page that is not the portal's own is refused. */
const refuseForeignForms = defineMiddleware((context, next) => {
  const { request } = context;
  const own =
    SAFE_METHODS.has(request.method) || provenance(request.headers, env.PORTAL_URL) === "portal";
  return own ? next() : new Response("This form was sent from another site.", { status: 403 });
});

/** Finds the session and the tenant that the path names; sends strangers to the sign-in page. */
const authenticate = defineMiddleware(async (context, next) => {
  const { locals, url, cookies } = context;
  if (locals.failed) return next();
  const { session, setCookies } = await resolveSession(locals.caller);
  locals.session = session;
  locals.caller = { ...locals.caller, cookie: applySetCookies(locals.caller.cookie, setCookies) };
  locals.api = serverApi(locals.caller);

  let response: Response;
  if (!context.routePattern.startsWith("/[tenant]")) {
    response = await next();
  } else if (session === null) {
    const wanted = encodeURIComponent(url.pathname + url.search);
    response = context.redirect(`/signin?next=${wanted}`, 303);
  } else {
    const tenant = session.tenants.find(({ slug }) => slug === context.params.tenant) ?? null;
    if (tenant === null) {
      response = new Response(null, { status: 404 });
    } else {
      locals.tenant = tenant;
      locals.api = serverApi(locals.caller, tenant.id);
      cookies.set(LAST_TENANT_COOKIE, tenant.slug, {
        path: "/",
        httpOnly: true,
        sameSite: "lax",
        secure: env.PORTAL_URL.startsWith("https:"),
        maxAge: YEAR_SECONDS,
      });
      response = await next();
    }
  }
  for (const line of setCookies) response.headers.append("set-cookie", line);
  return response;
});

function callerOf({ request, clientAddress }: { request: Request; clientAddress: string }): Caller {
  return {
    cookie: request.headers.get("cookie"),
    requestId: requestIdFrom(request.headers.get("x-request-id")),
    traceparent: observed.getStore()?.traceparent,
    // Written by server/main.ts; `astro dev` has no such server in front.
    clientAddress: request.headers.get("x-forwarded-for") ?? clientAddress,
    userAgent: request.headers.get("user-agent"),
  };
}

export const onRequest = sequence(identify, explainFailure, refuseForeignForms, authenticate);
