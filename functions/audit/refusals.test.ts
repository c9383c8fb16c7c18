import { beforeAll, expect, test, vi } from "vitest";
import {
  api,
  type Call,
  newTenant,
  type Person,
  rest,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { type AuditEntry, auditList } from "../_shared/contracts/audit.ts";

let tenant: TestTenant;
let viewer: Person;
beforeAll(async () => {
  tenant = await newTenant();
  viewer = await tenant.join("viewer");
});

async function refused(): Promise<AuditEntry[]> {
  const { body } = await api("/api/audit?action=refused", { token: tenant.token });
  return auditList.parse(body).data;
}

const asked = (more: Call = {}): Call => ({
  token: viewer.token,
  tenant: tenant.id,
  body: { name: "Mine" },
  ...more,
});

test("writes that PostgREST refuses are in the log with the reason, as if it had noted them", async () => {
  const headers = {
    "x-request-id": "refused-by-rest",
    "user-agent": "Tests/1",
    "x-forwarded-for": "6.6.6.6",
    "x-forwarded-prefix": "/api",
  };
  const answer = await rest("/customers?select=id", asked({ headers }));
  expect([answer.status, answer.body]).toMatchObject([403, { message: "forbidden" }]);
  await vi.waitFor(async () => expect(await refused()).toHaveLength(1), 10_000);
  expect(await refused()).toMatchObject([
    {
      actor: { kind: "user", id: viewer.id },
      entity_type: "customer",
      ip: "127.0.0.1",
      user_agent: "Tests/1",
      request_id: "refused-by-rest",
      metadata: {
        door: "rest",
        method: "POST",
        path: "/rest/v1/customers",
        code: "forbidden",
        reason: "This takes the role member.",
      },
    },
  ]);
});

test("so are an API key's, under its own name", async () => {
  const made = await api("/api/api-keys", {
    token: tenant.token,
    body: { label: "Reader", role: "viewer" },
  });
  const { id, key } = made.body as { id: string; key: string };
  expect((await rest("/rpc/create_customer", asked({ token: key, body: { payload: {} } }))).status)
    .toBe(403);
  await vi.waitFor(async () => {
    expect(await refused()).toContainEqual(expect.objectContaining({
      actor: { kind: "api_key", id, email: null },
      entity_type: "request",
      metadata: expect.objectContaining({
        door: "rest",
        path: "/rest/v1/rpc/create_customer",
        reason: "This takes the role member, and a key whose scopes are about it.",
      }),
    }));
  }, 10_000);
});

test("nobody but the gateway tells of any, and strangers leave nothing", async () => {
  const body = { method: "POST", path: "/rest/v1/orders", answer: { message: "made up" } };
  const told = await api("/api/audit/refusals", asked({ body, headers: { apikey: "x" } }));
  expect(told.status).toBe(404);
  const stranger = await newTenant();
  const before = (await refused()).length;
  expect((await rest("/customers", asked({ token: stranger.token }))).status).toBe(403);
  expect((await rest("/customers", asked({ body: { name: "Again" } }))).status).toBe(403);
  await vi.waitFor(async () => expect(await refused()).toHaveLength(before + 1), 10_000);
  expect((await refused())[0]).toMatchObject({ actor: { id: viewer.id } });
});
