import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import type { CustomField } from "../_shared/contracts/custom_fields.ts";
import type { Customer } from "../_shared/contracts/customers.ts";
import { ask, expectProblem, get, item, pathsOf, type Who } from "../_shared/testing.ts";

const add = (who: Who, fields: Record<string, unknown> = {}) =>
  ask<CustomField>("/custom-fields", {
    ...who,
    body: { entity: "customer", key: "rating", label: "Rating", type: "number", ...fields },
  });

async function added(who: Who, fields: Record<string, unknown> = {}): Promise<CustomField> {
  const answer = await add(who, fields);
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

const list = async (who: Who, query = "") =>
  (await get<{ data: CustomField[] }>(`/custom-fields${query}`, who)).data;

const change = ({ id }: { id: string }, body: unknown, who: Who) =>
  ask<CustomField>(`/custom-fields/${id}`, { ...who, method: "PATCH", body });

const remove = ({ id }: { id: string }, who: Who) =>
  ask(`/custom-fields/${id}`, { ...who, method: "DELETE" });

const addCustomer = (who: Who, custom: Record<string, unknown>) =>
  ask<Customer>("/customers", { ...who, body: { name: "Ada", custom } });

describe("custom fields", () => {
  test("are made, listed in their order, changed and removed", async () => {
    const tenant = await newTenant();
    const rating = await added(tenant, { label: "  Rating " });
    const { id, created_at, ...rest } = rating;
    expect([typeof id, typeof created_at]).toEqual(["string", "string"]);
    expect(rest).toEqual({
      entity: "customer",
      key: "rating",
      label: "Rating",
      type: "number",
      required: false,
      choices: [],
      position: 1,
    });
    const size = await added(tenant, {
      key: "size",
      label: "Size",
      type: "choice",
      choices: ["S", "M"],
      required: true,
    });
    const colour = await added(tenant, { entity: "product", key: "colour", type: "text" });
    expect(await list(tenant)).toEqual([rating, size, colour]);
    expect(await list(tenant, "?entity=product")).toEqual([colour]);
    expect(await list(tenant, "?entity=order")).toEqual([]);

    const changed = await change(size, { choices: ["L"], required: false, position: -1 }, tenant);
    expect(changed.body).toEqual({ ...size, choices: ["L"], required: false, position: -1 });
    expect(await list(tenant, "?entity=customer")).toEqual([changed.body, rating]);
    expect(await remove(size, tenant)).toMatchObject({ status: 204, body: "" });
    expect(await list(tenant, "?entity=customer")).toEqual([rating]);
    expectProblem(await remove(size, tenant), 404, "not_found");
    expectProblem(await change(size, { label: "x" }, tenant), 404, "not_found");
  });

  test("say what records may hold", async () => {
    const tenant = await newTenant();
    expect((await addCustomer(tenant, { anything: [1] })).status).toBe(201);
    await added(tenant, { required: true });
    const refusal = async (custom: Record<string, unknown>) =>
      pathsOf(expectProblem(await addCustomer(tenant, custom), 422, "validation_failed"));
    expect(await refusal({})).toEqual(["custom.rating"]);
    expect(await refusal({ rating: "high" })).toEqual(["custom.rating"]);
    expect(await refusal({ rating: 1, anything: [1] })).toEqual(["custom.anything"]);
    expect((await addCustomer(tenant, { rating: 1 })).status).toBe(201);
  });

  test("ask nothing of an old record until its custom object changes", async () => {
    const tenant = await newTenant();
    const { body: { id } } = await addCustomer(tenant, { old: "x" });
    const rating = await added(tenant, { required: true });
    const patch = (body: unknown) =>
      ask<Customer>(`/customers/${id}`, { ...tenant, method: "PATCH", body });
    expect((await patch({ name: "Ada King" })).body).toMatchObject({ custom: { old: "x" } });
    expectProblem(await patch({ custom: {} }), 422, "validation_failed");
    expect((await patch({ custom: { rating: 5 } })).status).toBe(200);
    await remove(rating, tenant);
    expect((await patch({ name: "Ada" })).body).toMatchObject({ custom: { rating: 5 } });
    expect((await patch({ custom: { free: true } })).status).toBe(200);
  });

  test("of orders and products are held against theirs", async () => {
    const tenant = await newTenant();
    await added(tenant, { entity: "order", key: "due", type: "date" });
    await added(tenant, { entity: "product", key: "fragile", type: "boolean" });
    const order = (custom: unknown) =>
      ask("/orders", { ...tenant, body: { items: [item()], custom } });
    const product = (custom: unknown) =>
      ask("/products", {
        ...tenant,
        body: { sku: randomUUID(), name: "Vase", unit_price: 1, custom },
      });
    expect((await order({ due: "2026-02-28" })).status).toBe(201);
    const late = expectProblem(await order({ due: "2026-02-30" }), 422, "validation_failed");
    expect(pathsOf(late)).toEqual(["custom.due"]);
    expect((await product({ fragile: true })).status).toBe(201);
    expectProblem(await product({ fragile: "yes" }), 422, "validation_failed");
  });
});

describe("who may", () => {
  test("everybody in the tenant reads them, admins and owners write them", async () => {
    const tenant = await newTenant();
    const field = await added(await tenant.join("admin"));
    for (const role of ["viewer", "member"] as const) {
      const person = await tenant.join(role);
      expect(await list(person)).toEqual([field]);
      expectProblem(await add(person, { key: "more" }), 403, "forbidden");
      expectProblem(await change(field, { label: "x" }, person), 403, "forbidden");
      expectProblem(await remove(field, person), 403, "forbidden");
    }
    expect(await list(tenant)).toEqual([field]);
  });

  test("nobody touches another tenant's", async () => {
    const [ours, theirs] = [await newTenant(), await newTenant()];
    const field = await added(theirs);
    expect(await list(ours)).toEqual([]);
    expectProblem(await change(field, { label: "x" }, ours), 404, "not_found");
    expectProblem(await remove(field, ours), 404, "not_found");
    const stranger = { ...ours, tenant: theirs.id };
    expectProblem(await ask("/custom-fields", stranger), 403, "forbidden");
    expectProblem(await add(stranger, { key: "more" }), 403, "forbidden");
    expect(await list(theirs)).toEqual([field]);
    // The same name in another tenant, or for another entity, is another field.
    expect((await add(ours)).status).toBe(201);
    expect((await add(ours, { entity: "order" })).status).toBe(201);
  });
});

describe("what does not fit is refused", () => {
  let tenant: TestTenant | undefined;
  const shared = async () => (tenant ??= await newTenant());

  test.each<[fields: Record<string, unknown>, path: string]>([
    [{ entity: "tenant" }, "entity"],
    [{ key: "Rating" }, "key"],
    [{ key: "1" }, "key"],
    [{ key: "a".repeat(64) }, "key"],
    [{ label: " " }, "label"],
    [{ label: "x".repeat(101) }, "label"],
    [{ label: "a\0b" }, "label"],
    [{ type: "money" }, "type"],
    [{ type: "choice" }, "choices"],
    [{ type: "choice", choices: [] }, "choices"],
    [{ type: "choice", choices: ["a", "a"] }, "choices"],
    [{ type: "choice", choices: ["a", " "] }, "choices.1"],
    [{ type: "choice", choices: Array.from({ length: 101 }, String) }, "choices"],
    [{ type: "text", choices: ["a"] }, "choices"],
    [{ required: "yes" }, "required"],
    [{ position: 1.5 }, "position"],
    [{ position: 1e10 }, "position"],
    [{ tenant_id: randomUUID() }, "tenant_id"],
  ])("%j", async (fields, path) => {
    const refused = await add(await shared(), fields);
    expect(pathsOf(expectProblem(refused, 422, "validation_failed"))).toEqual([path]);
  });

  test.each<[patch: Record<string, unknown>, path: string]>([
    [{ key: "other" }, "key"],
    [{ type: "text" }, "type"],
    [{ choices: ["a"] }, "choices"],
    [{ label: null }, "label"],
  ])("changing to %j", async (patch, path) => {
    const who = await shared();
    const [field = await added(who)] = await list(who);
    const refused = expectProblem(await change(field, patch, who), 422, "validation_failed");
    expect(pathsOf(refused)).toEqual([path]);
  });

  test("a key twice, the 101st field, unknown questions", async () => {
    const who = await newTenant();
    await added(who);
    expectProblem(await add(who), 409, "conflict");
    await owner()`
      insert into public.custom_fields (tenant_id, entity, key, label, type)
      select ${who.id}, 'customer', 'field_' || n, 'Field', 'text' from generate_series(2, 100) as n`;
    expectProblem(await add(who, { key: "last" }), 409, "conflict");
    expect(await list(who)).toHaveLength(100);
    expectProblem(await ask("/custom-fields?entity=x", who), 400, "invalid_query");
    expectProblem(await ask("/custom-fields?q=x", who), 400, "invalid_query");
    expectProblem(await ask("/custom-fields/x", { ...who, method: "DELETE" }), 404, "not_found");
  });
});
