/** An export's file by an address that says whose it is: a link alone cannot name the tenant to the API. */
import type { APIRoute } from "astro";
import type { Export } from "../../../../../functions/_shared/contracts/exports.ts";
import { notFound, orNull } from "../../../lib/server/found.ts";

export const GET: APIRoute = async ({ locals, params, redirect }) => {
  const path = `/exports/${encodeURIComponent(params.id ?? "")}`;
  const found = await orNull(locals.api<Export>("GET", path));
  return found?.download_url ? redirect(found.download_url, 302) : notFound();
};
