import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newTenant, owner, stack, type TestTenant } from "../../scripts/stack/testing.ts";
import { health } from "../_shared/contracts/health.ts";
import { DEAD, type OwnFunctions, spawnFunctions, tokenOf } from "../_shared/spawn_functions.ts";

let functions: OwnFunctions;
let tenant: TestTenant;
beforeAll(async () => {
  functions = await spawnFunctions({ WORKER_URL: DEAD });
  tenant = await newTenant();
});
afterAll(() => functions.stop());

/** What is said of the worker, which is down. */
async function detail(headers: Record<string, string>): Promise<string | undefined> {
  const response = await fetch(`${functions.url}/healthz`, { headers });
  const { checks } = health.parse(await response.json());
  expect(checks.worker.status).toBe("down");
  return checks.worker.detail;
}

const ofStranger = { "x-forwarded-for": "203.0.113.9" };
const as = async (id: string, more: Record<string, string> = {}) => ({
  ...ofStranger,
  authorization: `Bearer ${await tokenOf(id)}`,
  ...more,
});

test("why a part is not well is told inside, and to nobody who asks through a gateway", async () => {
  expect(await detail({})).toBe("unreachable");
  expect(await detail({ "x-forwarded-for": "127.0.0.1" })).toBe("unreachable");
  expect(await detail({ "x-forwarded-for": "::1" })).toBe("unreachable");
  expect(await detail(ofStranger)).toBeUndefined();
  expect(await detail({ "x-forwarded-for": "10.0.0.7" })).toBeUndefined();
  expect(await detail({ "x-forwarded-for": "1270.0.0.1" })).toBeUndefined();
  expect(await detail({ ...ofStranger, authorization: "Bearer forged" })).toBeUndefined();
});

test("but to admins of the tenant they name, and to operators", async () => {
  const inTenant = { "x-tenant-id": tenant.id };
  const admin = await tenant.join("admin");
  const member = await tenant.join("member");
  expect(await detail(await as(admin.id, inTenant))).toBe("unreachable");
  expect(await detail(await as(admin.id, { "x-tenant-id": randomUUID() }))).toBeUndefined();
  expect(await detail(await as(member.id, inTenant))).toBeUndefined();
  await owner()`insert into private.operators (user_id) values (${member.id})`;
  expect(await detail(await as(member.id))).toBe("unreachable");
  // A token of the real auth server is nobody's here.
  expect(await detail({ ...ofStranger, authorization: `Bearer ${stack().anon_key}` }))
    .toBeUndefined();
});
