import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { type Product, PRODUCT_SORTS } from "../_shared/contracts/products.ts";
import { addProduct, allPages, ask, expectProblem, get, type List } from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant({ currency: "KWD" });
});

test("the whole life of a product", async () => {
  const body = {
    sku: "CH-1",
    name: "Chair 🪑",
    unit_price: 12.3456,
    currency: "EUR",
    tax_rate: 19,
    unit: "piece",
    active: false,
    custom: { color: "red" },
  };
  const made = await ask<Product>("/products", { token: tenant.token, body });
  expect(made.status).toBe(201);
  const { id } = made.body;
  expect(made.body).toEqual({
    ...body,
    id: expect.any(String),
    version: 1,
    created_by: tenant.owner.id,
    created_at: expect.any(String),
    updated_at: expect.any(String),
    deleted_at: null,
  });
  const patch = (changes: unknown, headers: Record<string, string> = {}) =>
    ask<Product>(`/products/${id}`, {
      token: tenant.token,
      method: "PATCH",
      body: changes,
      headers,
    });
  expect(await patch({ unit_price: 0, active: true }, { "if-match": '"1"' })).toMatchObject({
    status: 200,
    body: { unit_price: 0, active: true, name: "Chair 🪑", version: 2 },
  });
  expectProblem(await patch({ name: "x" }, { "if-match": '"1"' }), 412, "version_mismatch");
  expect((await ask(`/products/${id}`, { ...tenant, method: "DELETE" })).status).toBe(204);
  expectProblem(await patch({ name: "x" }), 409, "conflict");
  expectProblem(await ask(`/products/${id}`, { ...tenant, method: "DELETE" }), 409, "conflict");
  const restored = await ask<Product>(`/products/${id}/restore`, { ...tenant, method: "POST" });
  expect(restored).toMatchObject({ status: 200, body: { deleted_at: null } });
});

test("is in the tenant's currency unless it says otherwise", async () => {
  expect(await addProduct(tenant, "PLAIN")).toMatchObject({
    currency: "KWD",
    tax_rate: 0,
    unit: null,
    active: true,
    custom: {},
  });
});

test("a SKU is taken once in a tenant", async () => {
  const product = await addProduct(tenant, "ONE");
  const again = { token: tenant.token, body: { sku: "ONE", name: "x", unit_price: 1 } };
  expectProblem(await ask("/products", again), 409, "conflict");
  const other = await addProduct(tenant, "TWO");
  expectProblem(
    await ask(`/products/${other.id}`, { ...tenant, method: "PATCH", body: { sku: "ONE" } }),
    409,
    "conflict",
  );
  expect((await addProduct(await newTenant(), "ONE")).sku).toBe("ONE");
  // A product in the trash gives its SKU up, and cannot come back while another has it.
  await ask(`/products/${product.id}`, { ...tenant, method: "DELETE" });
  expect((await ask("/products", again)).status).toBe(201);
  expectProblem(
    await ask(`/products/${product.id}/restore`, { ...tenant, method: "POST" }),
    409,
    "conflict",
  );
});

describe("the list", () => {
  let list: TestTenant;
  beforeAll(async () => {
    list = await newTenant();
    for (let index = 0; index < 11; index++) {
      const body = {
        sku: `S-${index}`,
        name: ["Chair", "Table", "Lamp"][index % 3],
        unit_price: (index % 4) * 0.5,
        active: index % 2 === 0,
      };
      await ask("/products", { token: list.token, body });
    }
  });

  test.each(PRODUCT_SORTS)("sorted by %s is complete both ways", async (sort) => {
    const path = `/products?sort=${sort}&limit=4`;
    const forwards = await allPages<Product>(path, list);
    const all = forwards.pages.flat();
    expect(new Set(all.map(({ id }) => id)).size).toBe(11);
    const by = sort.replace("-", "") as "name" | "sku" | "unit_price" | "created_at";
    const keys = all.map((product) => product[by]);
    const sorted = [...keys].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
    expect(keys).toEqual(sort.startsWith("-") ? sorted.reverse() : sorted);
    const back = await allPages<Product>(path, list, "prev", forwards.last.prev_cursor);
    expect(back.pages.reverse()).toEqual(forwards.pages.slice(0, -1));
  });

  test("is filtered by activity and search", async () => {
    const skus = async (query: string) =>
      (await get<List<Product>>(`/products?sort=sku&${query}`, list)).data.map(({ sku }) => sku);
    expect(await skus("active=true")).toEqual(["S-0", "S-10", "S-2", "S-4", "S-6", "S-8"]);
    expect(await skus("active=false&limit=2")).toEqual(["S-1", "S-3"]);
    expect(await skus("q=S-10")).toEqual(["S-10"]);
    expect(await skus("q=Tabel")).toEqual(await skus("q=table"));
    expectProblem(await ask("/products?active=yes", list), 400, "invalid_query");
  });
});
