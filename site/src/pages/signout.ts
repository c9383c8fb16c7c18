import type { APIRoute } from "astro";
import { callerHeaders, functionsBase } from "../lib/server/functions.ts";
import { redirectWith } from "../lib/server/redirect.ts";

/** Ends the session and goes to the sign-in page. */
export const POST: APIRoute = async ({ locals }) => {
  const answer = await fetch(`${functionsBase}/auth/signout`, {
    method: "POST",
    headers: callerHeaders(locals.caller),
  });
  return redirectWith("/signin", answer.headers.getSetCookie());
};
