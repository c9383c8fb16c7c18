/** An order's document by an address that says whose it is: a link alone cannot name the tenant to the API. */
import type { APIRoute } from "astro";
import { notFound } from "../../../../lib/server/found.ts";
import { callerHeaders, functionsBase } from "../../../../lib/server/functions.ts";

const PASSED_ON = [
  "cache-control",
  "content-disposition",
  "content-length",
  "content-type",
  "etag",
  "vary",
];

export const GET: APIRoute = async ({ locals, params, request, url }) => {
  const { caller, tenant } = locals;
  const known = request.headers.get("if-none-match");
  const answer = await fetch(
    `${functionsBase}/orders/${encodeURIComponent(params.id ?? "")}/pdf${url.search}`,
    {
      headers: {
        ...callerHeaders(caller, tenant?.id),
        "accept-encoding": "identity",
        ...(known === null ? {} : { "if-none-match": known }),
      },
      signal: request.signal,
    },
  );
  if (answer.ok || answer.status === 304) {
    const headers = new Headers();
    for (const name of PASSED_ON) {
      const value = answer.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    return new Response(answer.body, { status: answer.status, headers });
  }
  if (answer.status < 500) return notFound();
  throw new Error(`The document was not printed: ${answer.status} ${await answer.text()}`);
};
