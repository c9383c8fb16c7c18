import type { APIRoute } from "astro";
import { proxyToFunctions } from "../../lib/server/proxy.ts";

export const ALL: APIRoute = ({ request, clientAddress, locals }) =>
  proxyToFunctions(request, clientAddress, locals.caller.requestId);
