/** Tokens, tenants and ids that are not the caller's. */
import { beforeAll, describe, expect, test } from "vitest";
import { api, newTenant, owner, stack, type TestTenant } from "../../scripts/stack/testing.ts";
import {
  addCustomer,
  addProduct,
  ask,
  contents,
  expectProblem,
  get,
  item,
  placeOrder,
} from "./testing.ts";

let tenant: TestTenant;
let stranger: TestTenant;
beforeAll(async () => {
  [tenant, stranger] = await Promise.all([newTenant(), newTenant()]);
});

describe("a person's token", () => {
  const forged = (payload: object, header: object = { alg: "HS256", typ: "JWT" }) =>
    [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(
      ".",
    );
  const claims = {
    sub: "00000000-0000-4000-8000-000000000000",
    role: "authenticated",
    exp: 4_102_444_800,
  };

  test.each<[string, () => string]>([
    ["is missing", () => ""],
    ["is no bearer", () => "Basic YTpi"],
    ["is garbage", () => "Bearer garbage"],
    ["has no signature", () => `Bearer ${forged(claims, { alg: "none" })}.`],
    ["has another signature", () => `Bearer ${forged(claims)}.${"A".repeat(43)}`],
    ["was altered", () => `Bearer ${tenant.token.slice(0, -4)}AAAA`],
    ["is the anonymous key", () => `Bearer ${stack().anon_key}`],
    ["is the service key", () => `Bearer ${stack().service_role_key}`],
    ["is an API key that does not exist", () => "Bearer kontor_0123456789"],
    ["is very long", () => `Bearer ${"a.".repeat(5_000)}`],
  ])("that %s is 401", async (_, authorization) => {
    const headers = { ...(authorization() === "" ? {} : { authorization: authorization() }) };
    for (const path of ["/orders", "/customers?limit=1", `/products/${claims.sub}`]) {
      const answer = await api(path, { headers });
      expectProblem(answer, 401, "unauthenticated");
    }
  });

  test("is not taken from the query string", async () => {
    for (const name of ["access_token", "token", "apikey", "jwt"]) {
      expectProblem(await api(`/orders?${name}=${tenant.token}`), 401, "unauthenticated");
    }
  });
});

describe("the tenant", () => {
  test.each([
    "",
    "x",
    "null",
    "00000000-0000-0000-0000-00000000000",
    "' or 1=1",
    "00000000-0000-7000-8000-000000000000",
  ])(
    "%j is 403",
    async (id) => {
      const headers = { "x-tenant-id": id };
      expectProblem(await ask("/orders", { token: tenant.token, headers }), 403, "forbidden");
      expectProblem(
        await ask("/orders", { token: tenant.token, headers, body: { items: [] } }),
        403,
        "forbidden",
      );
    },
  );

  test("of somebody else is 403, whatever is asked", async () => {
    const before = await contents(tenant);
    const order = await placeOrder(stranger);
    for (
      const [method, path, body] of [["GET", "/orders"], ["POST", "/orders", { items: [] }], [
        "GET",
        `/orders/${order.id}`,
      ], ["POST", "/customers", { name: "x" }]] as const
    ) {
      expectProblem(
        await ask(path, { token: stranger.token, tenant: tenant.id, method, body }),
        403,
        "forbidden",
      );
    }
    expect(await contents(tenant)).toEqual(before);
  });

  test("must be said by who belongs to two, and by who belongs to none", async () => {
    const both = await tenant.join("member");
    await owner()`insert into public.memberships (tenant_id, user_id, role) values (${stranger.id}, ${both.id}, 'viewer')`;
    const { token } = both;
    expectProblem(await ask("/orders", { token }), 400, "tenant_required");
    expect((await ask("/orders", { token, tenant: tenant.id, body: { items: [] } })).status).toBe(
      201,
    );
    expectProblem(
      await ask("/orders", { token, tenant: stranger.id, body: { items: [] } }),
      403,
      "forbidden",
    );
    expect((await ask("/orders", { token, tenant: stranger.id.toUpperCase() })).status).toBe(200);
  });
});

describe("another tenant's ids in every position", () => {
  test("of orders, customers and products", async () => {
    const [customer, product, order] = [
      await addCustomer(tenant, "Mine"),
      await addProduct(tenant, "MINE"),
      await placeOrder(tenant),
    ];
    const before = await contents(tenant);
    const { token } = stranger;
    for (
      const path of [`/customers/${customer.id}`, `/products/${product.id}`, `/orders/${order.id}`]
    ) {
      for (const [method, body] of [["GET"], ["PATCH", {}], ["DELETE"]] as const) {
        expectProblem(await ask(path, { token, method, body }), 404, "not_found");
      }
      expectProblem(await ask(`${path}/restore`, { token, method: "POST" }), 404, "not_found");
    }
    const own = await placeOrder(stranger);
    expectProblem(
      await ask(`/orders/${own.id}`, {
        token,
        method: "PATCH",
        body: { customer_id: customer.id },
      }),
      422,
      "validation_failed",
    );
    expectProblem(
      await ask(`/orders/${own.id}`, {
        token,
        method: "PATCH",
        body: { items: [item({ product_id: product.id })] },
      }),
      422,
      "validation_failed",
    );
    expect(
      await ask("/orders/bulk", { token, body: { ids: [order.id], set: { status: "cancelled" } } }),
    )
      .toMatchObject({
        status: 200,
        body: { results: [{ id: order.id, ok: false, code: "not_found" }] },
      });
    expect((await get<{ data: unknown[] }>(`/orders?customer_id=${customer.id}`, stranger)).data)
      .toEqual([]);
    expect(await contents(tenant)).toEqual(before);
  });
});
