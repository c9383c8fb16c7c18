/** The OpenAPI document of everything that is served. */
import { z } from "zod";
import { conditional, weakTag } from "../_shared/etag.ts";
import { openApiDocument } from "../_shared/openapi.ts";
import { okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

/** The route that describes these routes and itself. The document is made when first asked for. */
export function describing(described: readonly Route[]): Route[] {
  let made: { json: string; etag: string } | undefined;
  const own: Route = route({
    method: "GET",
    path: "/openapi.json",
    access: "public",
    tag: "Documentation",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1.", schema: z.looseObject({}) } },
    handle({ request }) {
      if (made === undefined) {
        const json = JSON.stringify(openApiDocument([...described, own]));
        made = { json, etag: weakTag(json) };
      }
      return conditional(request, okText(made.json), made.etag);
    },
  });
  return [own];
}
