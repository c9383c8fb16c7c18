/** Whatever is sent: the contract's error, nothing written, never a 500. */
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import {
  api,
  apiUrl,
  newTenant,
  owner,
  stack,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import type { Order } from "./contracts/orders.ts";
import {
  addCustomer,
  addProduct,
  ask,
  expectProblem,
  get,
  item,
  pathsOf,
  placeOrder,
} from "./testing.ts";

let tenant: TestTenant;
let stranger: TestTenant;
beforeAll(async () => {
  [tenant, stranger] = await Promise.all([newTenant(), newTenant()]);
});

/** Everything a tenant's callers could have changed. */
async function contents(): Promise<unknown> {
  const [row] = await owner()`
    select
      (select json_agg(o order by id) from public.orders o where tenant_id = ${tenant.id}) as orders,
      (select json_agg(i order by id) from public.order_items i where tenant_id = ${tenant.id}) as items,
      (select json_agg(c order by id) from public.customers c where tenant_id = ${tenant.id}) as customers,
      (select json_agg(p order by id) from public.products p where tenant_id = ${tenant.id}) as products,
      (select json_agg(n order by series) from private.number_series n where tenant_id = ${tenant.id}) as numbers`;
  return row;
}

const TEXT_LIMITS: [string, string][] = [["name", "x".repeat(1_001)], ["name", "\0"], [
  "name",
  " ",
]];

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
    const before = await contents();
    const answer = await ask("/orders", { token: tenant.token, body: JSON.stringify(body) });
    const problem = expectProblem(answer, 422, "validation_failed");
    expect(pathsOf(problem)).toEqual([...paths].sort());
    expect(await contents()).toEqual(before);
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
    const before = await contents();
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
    expect(await contents()).toEqual(before);
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
    const before = await contents();
    const items = [item({ quantity: 1e9, unit_price: 1e9 })];
    const problem = expectProblem(
      await ask("/orders", { token: tenant.token, body: { items } }),
      422,
      "validation_failed",
    );
    expect(pathsOf(problem)).toEqual(["line_total"]);
    expect(await contents()).toEqual(before);
  });
});

describe("every text field keeps what it is given", () => {
  const texts = [
    "'; drop table orders; --",
    "<script>alert(1)</script>",
    "🧑‍🚀 שלום مرحبا 你好",
    "\u202eright to left",
    "=1+1",
    "%s %n ${x} {{7*7}}",
    "\\u0000 \\ \" ' ` \t \r\n",
    "😀".repeat(1_000),
  ];
  test.each(texts)("%s", async (text) => {
    const short = [...text].slice(0, 50).join("").trim();
    const customer = await ask<Record<string, unknown>>("/customers", {
      token: tenant.token,
      body: {
        name: text,
        phone: short,
        tax_id: short,
        tags: [short],
        billing_address: { line1: text, city: text, entrance: text },
        custom: { [short]: text },
      },
    });
    expect(customer).toMatchObject({
      status: 201,
      body: {
        name: text,
        phone: short,
        tax_id: short,
        tags: [short],
        billing_address: { line1: text, city: text, entrance: text },
        custom: { [short]: text },
      },
    });
    const order = await placeOrder(tenant, {
      customer_id: customer.body["id"],
      notes: text,
      items: [{ ...item({ name: text, sku: short }), attributes: { [short]: text } }],
    });
    expect(order).toMatchObject({
      notes: text,
      customer: { name: text },
      items: [{ name: text, sku: short, attributes: { [short]: text } }],
    });
  });

  test("1,000 characters that do not compress", async () => {
    const name = Array.from(
      { length: 1_000 },
      (_, index) => String.fromCodePoint(0x4e00 + (index * 7_919) % 20_000),
    ).join("");
    expect((await addCustomer(tenant, name)).name).toBe(name);
  });
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
    const before = await contents();
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
    expect(await contents()).toEqual(before);
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
    const before = await contents();
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
    expect(await contents()).toEqual(before);
  });
});

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
    const before = await contents();
    const problem = expectProblem(
      await ask(path, { token: tenant.token, body }),
      422,
      "validation_failed",
    );
    expect(pathsOf(problem)).toEqual(paths);
    expect(await contents()).toEqual(before);
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
