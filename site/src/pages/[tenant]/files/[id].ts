/** A file by an address that says whose it is: a link alone cannot name the tenant to the API. */
import type { APIRoute } from "astro";
import { notFound, orNull } from "../../../lib/server/found.ts";

export const GET: APIRoute = async ({ locals, params, redirect }) => {
  const path = `/attachments/${encodeURIComponent(params.id ?? "")}/download`;
  const link = await orNull(
    locals.api<{ url: string }>("GET", path, { query: { redirect: "false" } }),
  );
  return link === null ? notFound() : redirect(link.url, 302);
};
