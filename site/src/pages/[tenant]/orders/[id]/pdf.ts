/** An order's document by an address that says whose it is: a link alone cannot name the tenant to the API. */
import type { APIRoute } from "astro";
import { notFound } from "../../../../lib/server/found.ts";
import { proxyToFunctions } from "../../../../lib/server/proxy.ts";

export const GET: APIRoute = async ({ locals, params, request, url, clientAddress }) => {
  const { caller, tenant } = locals;
  const asked = new URL(`/api/orders/${encodeURIComponent(params.id ?? "")}/pdf`, url);
  asked.search = url.search;
  const headers = new Headers(request.headers);
  headers.set("x-tenant-id", tenant?.id ?? "");
  if (caller.cookie !== null) headers.set("cookie", caller.cookie);
  const { signal } = request;
  const answer = await proxyToFunctions(
    new Request(asked, { headers, signal }),
    clientAddress,
    caller.requestId,
  );
  if (answer.ok || answer.status === 304) return answer;
  if (answer.status < 500) return notFound();
  throw new Error(`The document was not printed: ${answer.status} ${await answer.text()}`);
};
