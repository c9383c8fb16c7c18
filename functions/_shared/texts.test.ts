/** Texts of every kind come back as they were sent. */
import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { addCustomer, ask, item, placeOrder } from "./testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
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
