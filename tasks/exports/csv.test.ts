import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Order } from "../../functions/_shared/contracts/orders.ts";
import {
  addCustomer,
  allPages,
  item,
  placeOrder,
  type Who,
} from "../../functions/_shared/testing.ts";
import { newTenant, owner, signIn } from "../../scripts/stack/testing.ts";
import { ACME, download } from "./testing.ts";

let acme: Who;
beforeAll(async () => {
  acme = { token: await signIn("member@acme.test"), tenant: ACME };
});

/** By a parser that is not ours; strict about quotes and the number of cells. */
const rowsOf = (bytes: Buffer): string[][] =>
  parse(bytes, { record_delimiter: "\r\n", bom: false, relax_column_count: false });

/** As the file should have the rows of a query. */
const expectedOf = (rows: readonly unknown[]): string[][] =>
  rows.map((cells) =>
    z
      .array(z.string().nullable())
      .parse(cells)
      .map((cell) => safe(cell ?? "")),
  );

const sign = /^[=+\-@\t\r\n＝＋－＠]/;
const safe = (text: string) => (sign.test(text) ? `'${text}` : text);

describe("CSV", () => {
  test("of orders equals the table, row for row", async () => {
    const { made, bytes, headers } = await download("/orders", acme, { format: "csv" });
    const [header, ...rows] = rowsOf(bytes);
    expect(header).toEqual([
      ...["number", "status", "placed_at", "customer_name", "currency", "subtotal"],
      ...["discount_total", "tax_total", "shipping_total", "total", "notes"],
    ]);
    const expected = await owner()`
      select o.number, o.status::text, to_json(o.placed_at) #>> '{}', c.name, o.currency,
        o.subtotal::text, o.discount_total::text, o.tax_total::text, o.shipping_total::text,
        o.total::text, o.notes
      from public.orders o
      left join public.customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id
      where o.tenant_id = ${ACME} and o.deleted_at is null
      order by o.placed_at desc, o.id desc`.values();
    expect(rows).toEqual(expectedOf(expected));
    expect(rows.length).toBeGreaterThan(1_900);
    expect(made).toMatchObject({
      byte_size: bytes.length,
      progress: { done: rows.length, total: rows.length },
      file_name: expect.stringMatching(/^orders-\d{4}-\d\d-\d\d-\d{4}\.csv$/),
    });
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(headers.get("content-disposition")).toContain(`filename=${made.file_name}`);
  });

  test("has a row for each item when asked", async () => {
    const columns = ["number", "position", "sku", "name", "quantity", "line_total", "total"];
    const body = { format: "csv", rows: "items", sort: "number", columns };
    const [header, ...rows] = rowsOf((await download("/orders", acme, body)).bytes);
    expect(header).toEqual(columns);
    const expected = await owner()`
      select o.number, i.position::text, i.sku, i.name, i.quantity::text, i.line_total::text,
        o.total::text
      from public.orders o
      join public.order_items i on i.tenant_id = o.tenant_id and i.order_id = o.id
      where o.tenant_id = ${ACME} and o.deleted_at is null order by o.sequence, i.position`.values();
    expect(rows).toEqual(expectedOf(expected));
  });

  test.each([
    [{ status: "pending,shipped" }, "-total"],
    [{ q: "bau", placed_from: "2025-06-01", placed_to: "2026-06-30" }, "customer"],
    [{ total_min: 500, total_max: "2000.50", status: ["delivered"] }, "-customer"],
    [{ deleted: "only" }, "-placed_at"],
    [{}, "status"],
  ])("has the rows of the list with %j by %s, in its order", async (filters, sort) => {
    const query = new URLSearchParams({ limit: "200", sort });
    for (const [name, value] of Object.entries(filters)) query.set(name, String(value));
    const { pages } = await allPages<Order>(`/orders?${query}`, acme);
    const body = { format: "csv", columns: ["number", "id"], filters, sort };
    const [, ...rows] = rowsOf((await download("/orders", acme, body)).bytes);
    expect(rows).toEqual(pages.flat().map(({ number, id }) => [number, id]));
  });

  test("of customers and of products equals the tables", async () => {
    const customers = { format: "csv", columns: ["name", "email", "phone", "tags"] };
    const [, ...people] = rowsOf((await download("/customers", acme, customers)).bytes);
    const expected = await owner()`
      select name, email, phone, array_to_string(tags, ', ') from public.customers
      where tenant_id = ${ACME} and deleted_at is null order by left(name, 250), id`.values();
    expect(people).toEqual(expectedOf(expected));

    const products = { format: "csv", sort: "-unit_price", filters: { active: true } };
    const [, ...goods] = rowsOf((await download("/products", acme, products)).bytes);
    const prices = await owner()`
      select sku, unit_price::text from public.products
      where tenant_id = ${ACME} and deleted_at is null and active
      order by products.unit_price desc, id desc`.values();
    expect(goods.map(([sku, , price]) => [sku, price])).toEqual(expectedOf(prices));
  });

  test("runs no formula, and keeps quotes, lines and every script", async () => {
    const tenant = await newTenant();
    const who = { token: tenant.token, tenant: tenant.id };
    const names = [
      "=cmd|' /C calc'!A0",
      "+49 30 1",
      "-2+3",
      "@SUM(A1)",
      "\t=1",
      "\r=1",
      "\n=1",
      "＝1+1",
      'She said "hi", twice',
      "two\r\nlines\nhere",
      "漢字 العربية 🚚",
      "\\.",
      "a=b",
    ];
    for (const name of names) {
      const customer = await addCustomer(who, name);
      await placeOrder(who, { customer_id: customer.id, notes: name, items: [item({ name })] });
    }
    const columns = ["customer_name", "notes", "name", "total", "status"];
    const body = { format: "csv", rows: "items", sort: "number", columns };
    const [, ...rows] = rowsOf((await download("/orders", who, body)).bytes);
    expect(rows).toEqual(
      names.map((name) => [safe(name), safe(name), safe(name), "100.00", "pending"]),
    );
  });

  test("of nothing is a header", async () => {
    const tenant = await newTenant();
    const who = { token: tenant.token, tenant: tenant.id };
    for (const [path, first] of [
      ["/orders", "number,status,"],
      ["/customers", "name,kind,"],
      ["/products", "sku,name,"],
    ] as const) {
      const { bytes } = await download(path, who, { format: "csv" });
      expect(bytes.toString()).toMatch(new RegExp(`^${first}[a-z_,]+\r\n$`));
    }
  });
});
