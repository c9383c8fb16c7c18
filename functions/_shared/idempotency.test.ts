import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "./contracts/orders.ts";
import { ask, expectProblem, get, item, type List, placeOrder, type Who } from "./testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

const send = (key: string, body: unknown, who: Who = tenant, path = "/orders") =>
  ask<Order>(path, { ...who, method: "POST", body, headers: { "idempotency-key": key } });
const count = async (who: Who) => (await get<List<Order>>("/orders", who)).page.total.count;

test("the same key and body get the first answer again, to the letter", async () => {
  const body = { items: [item({ unit_price: 12.5 })], notes: "once" };
  const before = await count(tenant);
  const first = await send("once", body);
  expect(first.status).toBe(201);
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  const again = await send("once", body);
  expect([again.status, again.body]).toEqual([201, first.body]);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  for (const name of ["location", "etag", "content-type"]) {
    expect(again.headers.get(name)).toBe(first.headers.get(name));
  }
  expect(await count(tenant)).toBe(before + 1);
  // The first answer, not the present state.
  await ask(`/orders/${first.body.id}`, { ...tenant, method: "PATCH", body: { notes: "later" } });
  expect((await send("once", body)).body.notes).toBe("once");
});

test("another body or another address under a key is a conflict", async () => {
  const order = await placeOrder(tenant);
  await send("used", { items: [] });
  const before = await count(tenant);
  expectProblem(await send("used", { items: [item()] }), 409, "idempotency_conflict");
  expectProblem(
    await send("used", undefined, tenant, `/orders/${order.id}/duplicate`),
    409,
    "idempotency_conflict",
  );
  expect(await count(tenant)).toBe(before);
});

test("of many at once with one key exactly one is carried out", async () => {
  const fresh = await newTenant();
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => send("race", { items: [item()] }, fresh)),
  );
  for (const answer of answers) {
    if (answer.status !== 201) expectProblem(answer, 409, "conflict");
  }
  const ids = answers.filter(({ status }) => status === 201).map(({ body }) => body.id);
  expect(new Set(ids).size).toBe(1);
  expect(await count(fresh)).toBe(1);
});

test("a key belongs to its caller and tenant", async () => {
  const other = await newTenant();
  const colleague = await tenant.join("member");
  await owner()`
    insert into public.memberships (tenant_id, user_id, role)
    values (${other.id}, ${colleague.id}, 'member')`;
  const body = { items: [] };
  const answers = [
    await send("mine", body),
    await send("mine", body, { token: colleague.token, tenant: tenant.id }),
    await send("mine", body, { token: colleague.token, tenant: other.id }),
    await send("mine", body, other),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(4);
});

test("a refusal writes nothing and leaves the key free", async () => {
  const nobody = "00000000-0000-7000-8000-000000000000";
  expectProblem(await send("freed", { items: [], customer_id: nobody }), 422, "validation_failed");
  expect((await send("freed", { items: [] })).status).toBe(201);
});

test("every POST honours it", async () => {
  const order = await placeOrder(tenant);
  const copy = await send("copy", undefined, tenant, `/orders/${order.id}/duplicate`);
  const again = await send("copy", undefined, tenant, `/orders/${order.id}/duplicate`);
  expect([copy.status, again.body.id]).toEqual([201, copy.body.id]);
  const bulk = { ids: [order.id], set: { status: "processing" } };
  const moved = await send("bulk", bulk, tenant, "/orders/bulk");
  expect((await send("bulk", bulk, tenant, "/orders/bulk")).body).toEqual(moved.body);
  await ask(`/orders/${order.id}`, { ...tenant, method: "DELETE" });
  const restored = await send("back", undefined, tenant, `/orders/${order.id}/restore`);
  const repeated = await send("back", undefined, tenant, `/orders/${order.id}/restore`);
  expect([restored.status, repeated.status]).toEqual([200, 200]);
  const customer = await send("anna", { name: "Anna" }, tenant, "/customers");
  expect((await send("anna", { name: "Anna" }, tenant, "/customers")).body).toEqual(customer.body);
});

test("a secret in an answer is answered again, and cannot be read in the database", async () => {
  const invite = { email: "invited@example.test", role: "viewer" };
  const first = await ask<{ token: string }>("/invitations", {
    ...tenant,
    body: invite,
    headers: { "idempotency-key": "invited" },
  });
  const { token } = first.body;
  expect([first.status, token]).toEqual([201, expect.any(String)]);
  expect((await send("invited", invite, tenant, "/invitations")).body).toEqual(first.body);
  const [kept] = await owner()`
    select to_json(k)::text as row from private.idempotency_keys k where k.key = 'invited'
      and k.tenant_id = ${tenant.id}`;
  expect(kept?.["row"]).toContain('"answer":');
  expect(kept?.["row"]).not.toContain(token);
});

test("who may not write gets no old answer either", async () => {
  const member = await tenant.join("member");
  expect((await send("rights", { items: [] }, member)).status).toBe(201);
  await owner()`
    update public.memberships set role = 'viewer'
    where tenant_id = ${tenant.id} and user_id = ${member.id}`;
  expectProblem(await send("rights", { items: [] }, member), 403, "forbidden");
});

describe("a key that is none", () => {
  test.each(["", " ", "x".repeat(256), "tab\there", "ü"])("%j is 400", async (key) => {
    expectProblem(await send(key, { items: [] }), 400, "invalid_request");
  });

  test.each(["x", "x".repeat(255), "a b", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])(
    "%j is fine",
    async (key) => {
      expect((await send(key, { items: [] })).status).toBe(201);
    },
  );
});
