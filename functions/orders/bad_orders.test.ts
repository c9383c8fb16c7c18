/** Whatever an order is sent as: the contract's error, nothing written, never a 500. */
import { beforeAll, describe, expect, test } from "vitest";
import { apiUrl, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import { ask, contents, expectProblem, item, pathsOf, placeOrder } from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

describe("the body of an order", () => {
  test.each<[string, unknown, string[]]>([
    ["null", null, [""]],
    ["a list", [], [""]],
    ["a text", "order", [""]],
    ["nothing", {}, ["items"]],
    ["unknown fields", { items: [], colour: 1, total: 5, tenant_id: "x" }, [
      "colour",
      "tenant_id",
      "total",
    ]],
    ["a status", { items: [], status: "pending" }, ["status"]],
    ["a number of its own", { items: [], number: "SO-1", id: "x", version: 3 }, [
      "id",
      "number",
      "version",
    ]],
    ["items that are no list", { items: { 0: item() } }, ["items"]],
    ["1,001 items", { items: Array.from({ length: 1_001 }, () => item()) }, ["items"]],
    ["10,000 items", { items: Array.from({ length: 10_000 }, () => item()) }, ["items"]],
    ["an item that is none", { items: [null, 7, []] }, ["items.0", "items.1", "items.2"]],
    ["an empty item", { items: [{}] }, ["items.0.name", "items.0.quantity", "items.0.unit_price"]],
    ["unknown fields of an item", { items: [item(), { ...item(), line_total: 1 }] }, [
      "items.1.line_total",
    ]],
    ["a negative quantity", { items: [item({ quantity: -1 })] }, ["items.0.quantity"]],
    ["1e300", { items: [item({ quantity: 1e300, unit_price: 1e300 })] }, [
      "items.0.quantity",
      "items.0.unit_price",
    ]],
    ["too many decimals", { items: [item({ quantity: 0.0001, unit_price: 1.00001 })] }, [
      "items.0.quantity",
      "items.0.unit_price",
    ]],
    ["1e-7", { items: [item({ quantity: 1e-7 })] }, ["items.0.quantity"]],
    ["numbers as text", { items: [{ ...item(), quantity: "1", unit_price: "2" }] }, [
      "items.0.quantity",
      "items.0.unit_price",
    ]],
    ["NaN as null", { items: [{ ...item(), unit_price: null }] }, ["items.0.unit_price"]],
    ["101 percent", { items: [item({ discount_percent: 101, tax_rate: -1 })] }, [
      "items.0.discount_percent",
      "items.0.tax_rate",
    ]],
    ["a negative shipping", { items: [], shipping_total: -0.01 }, ["shipping_total"]],
    ["shipping finer than the currency", { items: [], shipping_total: 0.001 }, ["shipping_total"]],
    ["an unknown currency", { items: [], currency: "XXQ" }, ["currency"]],
    ["a currency in small letters", { items: [], currency: "eur" }, ["currency"]],
    ["a date for a time", { items: [], placed_at: "2026-01-31" }, ["placed_at"]],
    ["a day that is none", { items: [], placed_at: "2026-02-30T00:00:00Z" }, ["placed_at"]],
    ["a malformed id", { items: [], customer_id: "7" }, ["customer_id"]],
    ["nobody's id", { items: [], customer_id: "00000000-0000-7000-8000-000000000000" }, [
      "customer_id",
    ]],
    ["long notes", { items: [], notes: "x".repeat(10_001) }, ["notes"]],
    ["a null byte", { items: [item({ name: "a\0b" })], notes: "\0" }, ["items.0.name", "notes"]],
    ["half a character", { items: [item({ name: "\ud83d" })] }, ["items.0.name"]],
    ["a long name", { items: [item({ name: "x".repeat(1_001) })] }, ["items.0.name"]],
    ["an empty name", { items: [item({ name: "" }), item({ name: " \n" })] }, [
      "items.0.name",
      "items.1.name",
    ]],
    ["custom that is a list", { items: [], custom: [] }, ["custom"]],
    ["a null byte deep inside", { items: [], custom: { a: [{ "b\0": 1 }] } }, ["custom"]],
    ["custom too deep", { items: [], custom: JSON.parse("[".repeat(500) + "]".repeat(500)) }, [
      "custom",
    ]],
    ["custom too large", { items: [], custom: { a: "x".repeat(30_000) } }, ["custom"]],
    ["attributes too many", {
      items: [{
        ...item(),
        attributes: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i])),
      }],
    }, ["items.0.attributes"]],
  ])("%s is refused, every bad field named", async (_, body, paths) => {
    const before = await contents(tenant);
    const answer = await ask("/orders", { token: tenant.token, body: JSON.stringify(body) });
    const problem = expectProblem(answer, 422, "validation_failed");
    expect(pathsOf(problem)).toEqual([...paths].sort());
    expect(await contents(tenant)).toEqual(before);
  });

  test.each([
    ["cut off", '{"items": ['],
    ["NaN", '{"items": [], "shipping_total": NaN}'],
    ["Infinity", '{"items": [], "shipping_total": -Infinity}'],
    ["a comment", '{"items": [] /* none */}'],
    ["two values", "{}{}"],
    ["blank", "  "],
  ])("malformed JSON (%s) is 400", async (_, body) => {
    expectProblem(await ask("/orders", { token: tenant.token, body }), 400, "malformed_json");
  });

  test("no body at all is 400", async () => {
    expectProblem(
      await ask("/orders", { token: tenant.token, method: "POST" }),
      400,
      "malformed_json",
    );
  });

  test("1e999 is a number no more", async () => {
    const body = '{"items": [{"name": "x", "quantity": 1e999, "unit_price": -1e999}]}';
    const problem = expectProblem(
      await ask("/orders", { token: tenant.token, body }),
      422,
      "validation_failed",
    );
    expect(pathsOf(problem)).toEqual(["items.0.quantity", "items.0.unit_price"]);
  });

  test("bytes that are not UTF-8 are 400", async () => {
    const response = await fetch(`${apiUrl()}/functions/v1/orders`, {
      method: "POST",
      headers: { authorization: `Bearer ${tenant.token}`, "content-type": "application/json" },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    });
    expect([response.status, (await response.json()).code]).toEqual([400, "malformed_json"]);
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/json; charset=utf-16",
    "json",
    "",
  ])(
    "content type %j is 415",
    async (type) => {
      const answer = await ask("/orders", {
        token: tenant.token,
        body: '{"items":[]}',
        headers: { "content-type": type },
      });
      expectProblem(answer, 415, "unsupported_media_type");
    },
  );

  test("application/json with a charset is fine, in whatever letters", async () => {
    const headers = { "content-type": "Application/JSON; Charset=UTF-8" };
    const answer = await ask("/orders", { token: tenant.token, body: { items: [] }, headers });
    expect(answer.status).toBe(201);
  });

  test("more than 1 MiB is 413, also in chunks", async () => {
    const before = await contents(tenant);
    const large = JSON.stringify({ items: [], notes: "x".repeat(1_048_576) });
    expectProblem(await ask("/orders", { token: tenant.token, body: large }), 413, "too_large");
    const chunk = new TextEncoder().encode(large.slice(0, 200_000));
    let left = 10;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const response = await fetch(`${apiUrl()}/functions/v1/orders`, {
      method: "POST",
      headers: { authorization: `Bearer ${tenant.token}`, "content-type": "application/json" },
      body,
      ...{ duplex: "half" },
    });
    expect([response.status, (await response.json()).code]).toEqual([413, "too_large"]);
    expect(await contents(tenant)).toEqual(before);
  });

  test("duplicate and __proto__ keys do no harm", async () => {
    const body =
      '{"items": [{"name": "x", "quantity": 1, "unit_price": 1, "quantity": 2}], "custom": {"__proto__": {"a": 1}, "constructor": 2}}';
    const answer = await ask<Order>("/orders", { token: tenant.token, body });
    expect(answer).toMatchObject({ status: 201, body: { total: 2, custom: { constructor: 2 } } });
    const unknown = '{"items": [], "__proto__": {"status": "shipped"}}';
    const refused = await ask<Order>("/orders", { token: tenant.token, body: unknown });
    if (refused.status === 201) expect(refused.body.status).toBe("pending");
    else expectProblem(refused, 422, "validation_failed");
  });

  test("the largest order there may be is taken", async () => {
    const items = Array.from(
      { length: 1_000 },
      (_, index) => item({ name: `Line ${index + 1}`, unit_price: 1 }),
    );
    const order = await placeOrder(tenant, { items, notes: "ñ".repeat(10_000) });
    expect([order.items.length, order.total, order.items[999]?.name]).toEqual([
      1_000,
      1_000,
      "Line 1000",
    ]);
    const huge = await placeOrder(tenant, { items: [item({ quantity: 1e9, unit_price: 1 })] });
    expect(huge.total).toBe(1e9);
  });

  test("an amount that outgrows the books is refused", async () => {
    const before = await contents(tenant);
    const items = [item({ quantity: 1e9, unit_price: 1e9 })];
    const problem = expectProblem(
      await ask("/orders", { token: tenant.token, body: { items } }),
      422,
      "validation_failed",
    );
    expect(pathsOf(problem)).toEqual(["line_total"]);
    expect(await contents(tenant)).toEqual(before);
  });
});

describe("bulk", () => {
  const ID = "00000000-0000-7000-8000-000000000000";
  test.each<[unknown, string[]]>([
    [{ ids: [], set: { status: "shipped" } }, ["ids"]],
    [{ ids: Array.from({ length: 501 }, () => ID), set: { status: "shipped" } }, ["ids"]],
    [{ ids: ["7", ID], set: { status: "lost" } }, ["ids.0", "set.status"]],
    [{ ids: [ID], set: {} }, ["set.status"]],
    [{ ids: [ID], set: { status: "shipped", notes: "x" }, all: true }, ["all", "set.notes"]],
  ])("%j", async (body, paths) => {
    const problem = expectProblem(
      await ask("/orders/bulk", { token: tenant.token, body }),
      422,
      "validation_failed",
    );
    expect(pathsOf(problem)).toEqual(paths);
  });
});
