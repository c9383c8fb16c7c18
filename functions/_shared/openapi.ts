/** The OpenAPI 3.1 document, made of the same table that requests are dispatched by. */
import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiParameters,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import { problem } from "./contracts/common.ts";
import { env } from "./env.ts";
import type { Answer, Route } from "./route.ts";
import { sessionCookieName } from "./session_cookie.ts";

const tenantHeader = z.object({
  "X-Tenant-Id": z.uuid().optional().meta({
    description: "The active tenant; may be left out by who belongs to exactly one.",
  }),
});
const idempotencyHeader = z.object({
  "Idempotency-Key": z.string().min(1).max(255).optional().meta({
    description: "The same key and body within 24 hours get the first answer again.",
  }),
});
const matchHeader = z.object({
  "If-Match": z.string().optional().meta({ description: "The ETag that the change is based on." }),
});

/** What can go wrong, by status; which of them a route can give depends on its declaration. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: "Malformed JSON, a query that does not fit, or no tenant given",
  401: "Not authenticated",
  403: "Not allowed",
  404: "Not found",
  409: "In conflict with the present state",
  412: "Changed by somebody else meanwhile",
  413: "Too large",
  415: "Not JSON",
  422: "Values that do not fit, each with its path",
  503: "Temporarily unavailable",
};

/** What people come for first; whatever is not named here follows in the order of the routes. */
const FIRST_TAGS = ["Authentication", "Tenants", "Orders", "Customers", "Products"];

/** Every tag of these routes, in a reader's order. */
function tagsOf(routes: readonly Route[]): { name: string }[] {
  const used = new Set(routes.map((one) => one.tag));
  const first = FIRST_TAGS.filter((name) => used.has(name));
  return [...new Set([...first, ...used])].map((name) => ({ name }));
}

/** The document for these routes. */
export function openApiDocument(routes: readonly Route[]): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const one of routes) {
    const path = one.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Kontor",
      version: env.KONTOR_VERSION,
      description:
        "Customers, products and orders of a trading business, and all that goes with them. Times are RFC 3339 in UTC. Amounts are JSON numbers: totals are rounded to the minor digits of their currency, unit prices have up to four decimals.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [
      { url: "/api", description: "The portal" },
      { url: "/functions/v1", description: "The gateway" },
    ],
    tags: tagsOf(routes),
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A person's access token (a JWT), or an API key (kontor_…).",
        },
        session: {
          type: "apiKey",
          in: "cookie",
          name: sessionCookieName(env.PORTAL_URL.startsWith("https:")),
        },
      },
    },
  }, { override: ({ jsonSchema, io }) => readable(jsonSchema, io) });
}

/** Takes out what says nothing to a reader: the patterns behind formats, the range of an integer. */
function readable(schema: Record<string, unknown>, io: "input" | "output"): void {
  if (schema["format"] !== undefined || schema["type"] === "integer") delete schema["pattern"];
  if (schema["minimum"] === Number.MIN_SAFE_INTEGER) delete schema["minimum"];
  if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"];
  // Answers may grow fields; only what is sent to us is closed.
  if (io === "output" && schema["additionalProperties"] === false) {
    delete schema["additionalProperties"];
  }
}

function operation(one: Route): ZodOpenApiOperationObject {
  const words = [one.method.toLowerCase(), ...one.path.split(/[/:.-]+/).filter((word) => word)];
  return {
    operationId: words.map((word, index) => index === 0 ? word : capitalized(word)).join(""),
    summary: one.summary,
    ...(one.description === undefined ? {} : { description: one.description }),
    tags: [one.tag],
    ...(one.access === "public" ? { security: [] } : {}),
    requestParams: parameters(one),
    ...(one.body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: one.body } } } }),
    responses: responses(one),
  };
}

function parameters(one: Route): ZodOpenApiParameters {
  const names = [...one.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "");
  const path = one.params ?? z.object(Object.fromEntries(names.map((name) => [name, z.uuid()])));
  let header = z.object({});
  if (!["public", "caller"].includes(one.access)) header = header.extend(tenantHeader.shape);
  if (one.method === "POST" && one.access !== "public") {
    header = header.extend(idempotencyHeader.shape);
  }
  if (one.ifMatch) header = header.extend(matchHeader.shape);
  return {
    header,
    ...(names.length > 0 && path instanceof z.ZodObject ? { path } : {}),
    ...(one.query instanceof z.ZodObject ? { query: one.query } : {}),
  };
}

function responses(one: Route): ZodOpenApiResponsesObject {
  const signedIn = one.access !== "public";
  const writes = one.method !== "GET";
  const possible: Record<number, boolean> = {
    400: true,
    401: signedIn,
    403: signedIn,
    404: one.path.includes(":"),
    409: writes,
    412: one.ifMatch === true,
    413: writes,
    415: writes,
    422: writes,
    503: true,
  };
  const result: ZodOpenApiResponsesObject = {};
  for (const [status, description] of Object.entries(REFUSALS)) {
    if (possible[Number(status)] !== true) continue;
    result[`${Number(status)}` as `${2 | 4 | 5}${string}`] = {
      description,
      content: { "application/problem+json": { schema: problem } },
    };
  }
  for (const [status, answer] of Object.entries(one.answers)) {
    result[status as `${2 | 3 | 4 | 5}${string}`] = shown(answer);
  }
  return result;
}

function shown({ description, schema, contentType = "application/json" }: Answer) {
  return schema === undefined ? { description } : {
    description,
    content: { [contentType]: { schema } },
  };
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
