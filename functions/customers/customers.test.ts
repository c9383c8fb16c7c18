import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, rest, type TestTenant } from "../../scripts/stack/testing.ts";
import { type Customer, CUSTOMER_SORTS } from "../_shared/contracts/customers.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import {
  addCustomer,
  allPages,
  ask,
  expectProblem,
  get,
  type List,
  placeOrder,
} from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

const full = {
  kind: "person",
  name: "Łukasz O'Brien",
  email: "lukasz@example.test",
  phone: "+48 22 123 45 67",
  tax_id: "PL1234567890",
  billing_address: { line1: "ul. Długa 1", postal_code: "00-001", city: "Warszawa", country: "PL" },
  shipping_address: { line1: "Magazyn 4", dock: "B" },
  tags: ["vip", "nørd"],
  custom: { since: 2019 },
};

test("the whole life of a customer", async () => {
  const made = await ask<Customer>("/customers", { token: tenant.token, body: full });
  expect(made.status).toBe(201);
  const { id } = made.body;
  expect(made.headers.get("location")).toBe(`/functions/v1/customers/${id}`);
  expect(made.body).toEqual({
    ...full,
    id: expect.any(String),
    version: 1,
    created_by: tenant.owner.id,
    created_at: expect.any(String),
    updated_at: expect.any(String),
    deleted_at: null,
  });
  expect(await get<Customer>(`/customers/${id}`, tenant)).toEqual(made.body);

  const patch = (body: unknown, headers: Record<string, string> = {}) =>
    ask<Customer>(`/customers/${id}`, { token: tenant.token, method: "PATCH", body, headers });
  const changed = await patch({ email: null, billing_address: null, tags: [] }, {
    "if-match": '"1"',
  });
  expect(changed.body).toEqual({
    ...made.body,
    email: null,
    billing_address: null,
    tags: [],
    version: 2,
    updated_at: expect.any(String),
  });
  expectProblem(await patch({ name: "x" }, { "if-match": '"1"' }), 412, "version_mismatch");

  const order = await placeOrder(tenant, { customer_id: id });
  expect((await ask(`/customers/${id}`, { ...tenant, method: "DELETE" })).status).toBe(204);
  expect(await get<Customer>(`/customers/${id}`, tenant)).toMatchObject({
    deleted_at: expect.any(String),
  });
  expect((await get<Order>(`/orders/${order.id}`, tenant)).customer?.name).toBe(full.name);
  expectProblem(await patch({ name: "x" }), 409, "conflict");
  const trash = await get<List<Customer>>("/customers?deleted=only", tenant);
  expect(trash.data.map((one) => one.id)).toEqual([id]);
  const restored = await ask<Customer>(`/customers/${id}/restore`, { ...tenant, method: "POST" });
  expect(restored).toMatchObject({ status: 200, body: { name: full.name, deleted_at: null } });
});

test("only a name is needed", async () => {
  const customer = await addCustomer(tenant, "Minimal");
  expect(customer).toMatchObject({
    kind: "company",
    email: null,
    phone: null,
    tax_id: null,
    billing_address: null,
    shipping_address: null,
    tags: [],
    custom: {},
  });
});

test.each<[string, Record<string, unknown>]>([
  ["an e-mail address that is none", { email: "a\r\nBcc: b@example.test" }],
  ["a tag without end", { tags: ["x".repeat(1_001)] }],
  ["an empty tag", { tags: ["vip", " "] }],
  ["an address of numbers", { billing_address: { line1: 5 } }],
  ["an address of lists", { shipping_address: { line1: ["a", "b"] } }],
])("%s is refused at either door", async (_, fields) => {
  const body = { name: "Refused", ...fields };
  expectProblem(await ask("/customers", { ...tenant, body }), 422, "validation_failed");
  const answer = await rest("/customers", { token: tenant.token, body });
  expect(answer).toMatchObject({ status: 400, body: { code: "23514" } });
});

describe("the list", () => {
  const names = ["Zeta", "alpha", "Ärger", "Alpha", "Alpha", "beta", "Ωmega", "10 Downing"];
  let list: TestTenant;
  beforeAll(async () => {
    list = await newTenant();
    for (const [index, name] of names.entries()) {
      const kind = index % 2 === 0 ? "company" : "person";
      const body = { name, kind, tags: index < 3 ? ["vip", `t${index}`] : [] };
      await ask("/customers", { token: list.token, body });
    }
  });

  test.each(CUSTOMER_SORTS)("sorted by %s is complete both ways", async (sort) => {
    const path = `/customers?sort=${sort}&limit=3`;
    const forwards = await allPages<Customer>(path, list);
    const all = forwards.pages.flat();
    expect(all.map(({ name }) => name).sort()).toEqual([...names].sort());
    const key = ({ name, created_at }: Customer) => sort.endsWith("name") ? name : created_at;
    const keys = all.map(key);
    const sorted = [...keys].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
    expect(keys).toEqual(sort.startsWith("-") ? sorted.reverse() : sorted);
    const back = await allPages<Customer>(path, list, "prev", forwards.last.prev_cursor);
    expect(back.pages.reverse()).toEqual(forwards.pages.slice(0, -1));
  });

  test("is sorted by name and filtered by kind, tag and search", async () => {
    const named = async (query: string) =>
      (await get<List<Customer>>(`/customers?${query}`, list)).data.map(({ name }) => name);
    expect((await named(""))[0]).toBe("10 Downing");
    expect((await named("kind=person")).sort()).toEqual(["10 Downing", "Alpha", "alpha", "beta"]);
    expect((await named("tag=vip")).sort()).toEqual(["Zeta", "alpha", "Ärger"].sort());
    expect(await named("tag=t1&kind=person")).toEqual(["alpha"]);
    expect(await named("q=downing")).toEqual(["10 Downing"]);
    expect(await named("q=downimg")).toEqual(["10 Downing"]);
    expect(await named("tag=nobody")).toEqual([]);
    expectProblem(await ask("/customers?kind=robot", list), 400, "invalid_query");
    expectProblem(await ask("/customers?status=pending", list), 400, "invalid_query");
  });
});

test("a viewer reads and does not write", async () => {
  const customer = await addCustomer(tenant, "Seen");
  const { token } = await tenant.join("viewer");
  expect((await ask(`/customers/${customer.id}`, { token })).status).toBe(200);
  expectProblem(await ask("/customers", { token, body: { name: "x" } }), 403, "forbidden");
  expectProblem(
    await ask(`/customers/${customer.id}`, { token, method: "DELETE" }),
    403,
    "forbidden",
  );
});
