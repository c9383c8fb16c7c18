import type { APIContext } from "astro";
import { notFound, orNull } from "./found.ts";

/**
 * Leads to a file's bytes or to its preview, by an address that says whose it is: a link alone cannot name
 * the tenant to the API.
 */
export async function fileLink(
  { locals, params, redirect }: Pick<APIContext, "locals" | "params" | "redirect">,
  what: "download" | "preview",
): Promise<Response> {
  const path = `/attachments/${encodeURIComponent(params.id ?? "")}/${what}`;
  const link = await orNull(
    locals.api<{ url: string }>("GET", path, { query: { redirect: "false" } }),
  );
  return link === null ? notFound() : redirect(link.url, 302);
}
