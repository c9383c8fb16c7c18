/** PostgREST: what it refuses beyond the cases that every door shares. */
import { beforeAll, describe, expect, it } from "vitest";
import { rest } from "../../scripts/stack/testing.ts";
import { type Household, household } from "./cast.ts";

let ours: Household;
beforeAll(async () => {
  ours = await household("Rest");
});

const tables: [table: string, row: Record<string, unknown>][] = [
  ["customers", { name: "x" }],
  ["products", { sku: "x", name: "x", unit_price: 1 }],
  ["orders", { notes: "x" }],
  ["order_items", { order_id: crypto.randomUUID(), name: "x", quantity: 1, unit_price: 1 }],
  ["custom_fields", { entity: "order", key: "x", label: "x", type: "text" }],
];

describe("an insert that names no tenant", () => {
  it.each(tables)("into %s is refused to a viewer", async (table, body) => {
    const { token, tenant } = ours.visitors.viewer;
    const headers = { "x-tenant-id": tenant ?? "" };
    expect((await rest(table, { token: token ?? "", body, headers })).status).toBe(403);
    expect((await rest(table, { token: token ?? "", body })).status).toBe(403);
  });

  it.each(tables)("into %s asks a stranger for a tenant", async (table, body) => {
    const answer = await rest(table, { token: ours.visitors.stranger.token ?? "", body });
    expect(answer).toMatchObject({ status: 400, body: { message: "tenant_required" } });
  });
});

describe("a search", () => {
  it.each(["search_orders", "search_customers", "search_products"])(
    "by %s has at most 200 characters, as at the other doors",
    async (search) => {
      const { token } = ours.visitors.viewer;
      const find = (q: string) => rest(`rpc/${search}`, { token: token ?? "", body: { q } });
      expect((await find("ä".repeat(200))).status).toBe(200);
      expect(await find("ä".repeat(201))).toMatchObject({
        status: 422,
        body: { message: "validation_failed", hint: "q" },
      });
    },
  );
});
