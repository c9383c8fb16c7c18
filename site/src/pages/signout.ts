import type { APIRoute } from "astro";
import { callerHeaders, functionsBase } from "../lib/server/functions.ts";
import { localPath } from "../lib/server/local-path.ts";
import { redirectWith } from "../lib/server/redirect.ts";

/** Ends the session and goes to the sign-in page, or where `next` says. */
export const POST: APIRoute = async ({ locals, url }) => {
  const answer = await fetch(`${functionsBase}/auth/signout`, {
    method: "POST",
    headers: callerHeaders(locals.caller),
  });
  const next = localPath(url.searchParams.get("next"), "/signin");
  return redirectWith(next, answer.headers.getSetCookie());
};
