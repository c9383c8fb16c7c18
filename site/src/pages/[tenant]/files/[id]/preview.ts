import type { APIRoute } from "astro";
import { fileLink } from "../../../../lib/server/file-link.ts";

export const GET: APIRoute = (context) => fileLink(context, "preview");
