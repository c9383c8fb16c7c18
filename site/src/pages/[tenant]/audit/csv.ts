/** The log as CSV, by an address that says whose it is: a link alone cannot name the tenant to the API. */
import type { APIRoute } from "astro";
import { notFound } from "../../../lib/server/found.ts";
import { callerHeaders, functionsBase } from "../../../lib/server/functions.ts";

export const GET: APIRoute = async ({ locals, request, url }) => {
  const answer = await fetch(`${functionsBase}/audit/export${url.search}`, {
    headers: { ...callerHeaders(locals.caller, locals.tenant?.id), "accept-encoding": "identity" },
    signal: request.signal,
  });
  if (answer.status >= 500) throw new Error(`The log was not exported: ${answer.status}`);
  if (!answer.ok) return notFound();
  const headers = new Headers({ "cache-control": "no-store" });
  for (const name of ["content-disposition", "content-type"]) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(answer.body, { headers });
};
