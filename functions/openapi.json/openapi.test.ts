import { describe, expect, test } from "vitest";
import { z } from "zod";
import { api } from "../../scripts/stack/testing.ts";

const operation = z.looseObject({
  operationId: z.string(),
  summary: z.string().min(1),
  tags: z.array(z.string()).length(1),
  security: z.array(z.unknown()).optional(),
  requestBody: z.unknown().optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string().min(1),
      content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })).optional(),
    }),
  ),
});
const document = z.looseObject({
  openapi: z.literal("3.1.0"),
  paths: z.record(
    z.string(),
    z.record(z.enum(["get", "post", "put", "patch", "delete"]), operation.optional()),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

async function read() {
  const { status, body, headers } = await api("/api/openapi.json");
  expect(status).toBe(200);
  const parsed = document.parse(body);
  const operations = Object.entries(parsed.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, one]) => one ? [{ path, method, ...one }] : [])
  );
  return { body, headers, parsed, operations };
}

describe("the OpenAPI document", () => {
  test("names every endpoint of the contract that is built", async () => {
    const { operations } = await read();
    const built = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(built).toEqual(expect.arrayContaining([
      "POST /auth/signup",
      "POST /auth/signin",
      "POST /auth/signout",
      "GET /auth/session",
      ...["orders", "customers", "products"].flatMap((name) => [
        `GET /${name}`,
        `POST /${name}`,
        `GET /${name}/{id}`,
        `PATCH /${name}/{id}`,
        `DELETE /${name}/{id}`,
        `POST /${name}/{id}/restore`,
      ]),
      "POST /orders/bulk",
      "POST /orders/{id}/duplicate",
      "GET /orders/{id}/timeline",
      "GET /members",
      "PATCH /members/{user_id}",
      "DELETE /members/{user_id}",
      "GET /invitations",
      "POST /invitations",
      "DELETE /invitations/{id}",
      "POST /invitations/accept",
      "GET /tenants",
      "POST /tenants",
      "GET /tenants/{id}",
      "PATCH /tenants/{id}",
      "DELETE /tenants/{id}",
      "GET /healthz",
      "GET /livez",
      "GET /openapi.json",
    ]));
  });

  test("says of each what it is, what it answers and how it refuses", async () => {
    const { operations } = await read();
    for (const { path, method, responses, security, requestBody } of operations) {
      const where = `${method} ${path}`;
      const statuses = Object.keys(responses);
      expect([where, statuses.some((status) => status.startsWith("2"))]).toEqual([where, true]);
      for (const [status, { content }] of Object.entries(responses)) {
        const type = Object.keys(content ?? {})[0];
        if (Number(status) < 400 || path === "/healthz") continue;
        expect([where, status, type]).toEqual([where, status, "application/problem+json"]);
      }
      if (security?.length !== 0) {
        expect([where, statuses]).toEqual([where, expect.arrayContaining(["401", "403"])]);
      }
      if (requestBody !== undefined) {
        expect([where, statuses]).toEqual([where, expect.arrayContaining(["413", "415", "422"])]);
      }
    }
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("has no reference that leads nowhere", async () => {
    const { body, parsed } = await read();
    const references = JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g);
    const names = new Set([...references].map(([, name]) => name ?? ""));
    expect(names.size).toBeGreaterThan(10);
    for (const name of names) expect(Object.keys(parsed.components.schemas)).toContain(name);
  });

  test("is sent once to who has it", async () => {
    const { headers } = await read();
    const etag = headers.get("etag") ?? "";
    const again = await api("/api/openapi.json", { headers: { "if-none-match": etag } });
    expect([again.status, again.body]).toEqual([304, ""]);
  });
});
