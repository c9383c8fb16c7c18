/** Bad paths, and bad bodies of customers and products. */
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { apiUrl, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { ask, contents, expectProblem, pathsOf } from "./testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

const TEXT_LIMITS: [string, string][] = [["name", "x".repeat(1_001)], ["name", "\0"], [
  "name",
  " ",
]];

describe("paths", () => {
  test.each([
    "/orders/7",
    "/orders/%00",
    "/orders/..%2fcustomers",
    "/orders/a'b",
    "/orders//",
    "/orders/",
    "/nothing",
    "/main",
    "/_shared",
    "/orders.ts",
    "/__proto__",
    "/constructor",
    `/orders/00000000-0000-7000-8000-000000000000`,
  ])(
    "%s is 404",
    async (path) => {
      expectProblem(await ask(path, { token: tenant.token }), 404, "not_found");
    },
  );

  test("a request line that is no URL does not end the server", async () => {
    const { hostname, port } = new URL(apiUrl());
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          "GET /functions/v1/orders?q=%zz%ff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        );
      });
      socket.on("data", () => {}).on("close", () => resolve()).on("error", () => resolve());
    });
    expect((await ask("/orders", tenant)).status).toBe(200);
  });
});

describe("customers and products", () => {
  test.each<[string, unknown, string[]]>([
    ["/customers", {}, ["name"]],
    ["/customers", { name: "x", kind: "robot", email: "nobody", tags: "vip" }, [
      "email",
      "kind",
      "tags",
    ]],
    ["/customers", { name: "x", billing_address: { line1: 5, city: "\0" } }, [
      "billing_address.city",
      "billing_address.line1",
    ]],
    ["/customers", { name: "x", shipping_address: "Main Street", vip: true }, [
      "shipping_address",
      "vip",
    ]],
    ["/products", {}, ["name", "sku", "unit_price"]],
    ["/products", { sku: "x", name: "x", unit_price: -1, tax_rate: 101, active: "yes" }, [
      "active",
      "tax_rate",
      "unit_price",
    ]],
    ["/products", { sku: "", name: "x", unit_price: 1.23456, stock: 4 }, [
      "sku",
      "stock",
      "unit_price",
    ]],
    ["/products", { sku: "x", name: "x", unit_price: 1, currency: "ABC" }, ["currency"]],
  ])("%s %j", async (path, body, paths) => {
    const before = await contents(tenant);
    const problem = expectProblem(
      await ask(path, { token: tenant.token, body }),
      422,
      "validation_failed",
    );
    expect(pathsOf(problem)).toEqual(paths);
    expect(await contents(tenant)).toEqual(before);
  });

  test.each(TEXT_LIMITS)("a bad %s", async (field, value) => {
    for (
      const [path, rest] of [["/customers", {}], ["/products", {
        sku: "s",
        unit_price: 1,
      }]] as const
    ) {
      const problem = expectProblem(
        await ask(path, { token: tenant.token, body: { ...rest, [field]: value } }),
        422,
        "validation_failed",
      );
      expect(pathsOf(problem)).toEqual([field]);
    }
  });
});

describe("messages", () => {
  test.each<[string, unknown, Record<string, string>]>([
    ["/products", {}, { sku: "Is required.", name: "Is required.", unit_price: "Is required." }],
    ["/products", { sku: 1, name: "x", unit_price: "1", active: "yes" }, {
      sku: "Must be a text.",
      unit_price: "Must be a number.",
      active: "Must be true or false.",
    }],
    ["/customers", { name: "x", kind: "robot", email: "nobody", tags: "vip" }, {
      kind: "Must be one of company, person.",
      email: "An e-mail address, such as anna@example.com.",
      tags: "Must be a list.",
    }],
    ["/orders", { items: [{}], customer_id: "7" }, {
      "items.0.name": "Is required.",
      "items.0.quantity": "Is required.",
      "items.0.unit_price": "Is required.",
      customer_id: "Must be a UUID.",
    }],
    ["/orders", [], { "": "Must be an object." }],
  ])("%s %j", async (path, body, messages) => {
    const answer = await ask(path, { token: tenant.token, body });
    const { errors = [] } = expectProblem(answer, 422, "validation_failed");
    expect(Object.fromEntries(errors.map((one) => [one.path, one.message]))).toMatchObject(
      messages,
    );
  });
});
