/** The filters of customers and products, kept in the address, and the overview's money. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, eventually, launch, NARROW, picture, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let page: Page;
let tenant: TestTenant;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant({ currency: "EUR" })]);
  const made = async (path: string, body: unknown) =>
    expect((await api(path, { token: tenant.token, tenant: tenant.id, body })).status).toBe(201);
  await made("/customers", { name: "Ada Ltd", kind: "company", tags: ["vip", "net, 30"] });
  await made("/customers", { name: "Bob", kind: "person", tags: ["vip"] });
  await made("/customers", { name: "Cleo", kind: "person" });
  await made("/products", { sku: "A", name: "Anvil", unit_price: 1 });
  await made("/products", { sku: "B", name: "Bellows", unit_price: 1, active: false });
  const items = [{ name: "Anvil", quantity: 2, unit_price: 60, tax_rate: 19 }];
  await made("/orders", { items });
  await made("/orders", { items, currency: "JPY" });
  page = await (await visitor(browser)).newPage();
  await signInAt(page, tenant.owner.email);
});
afterAll(async () => {
  await browser?.close();
});

const names = () => page.locator("[data-row-link]:visible").allTextContents();
const search = () => new URL(page.url()).search;

describe("the list of customers", () => {
  it("shows one kind, with the keyboard, and the address says which", async () => {
    await page.goto(`/${tenant.slug}/customers`);
    await awake(page);
    await page.getByRole("button", { name: "Kind" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Companies").focus();
    await page.keyboard.press("ArrowDown");
    await eventually(names).toEqual(["Bob", "Cleo"]);
    expect(search()).toBe("?kind=person");
    await picture(page, "customers-filtered-wide");
    await page.getByRole("link", { name: "Clear filter: Kind" }).click();
    await eventually(names).toEqual(["Ada Ltd", "Bob", "Cleo"]);
    expect(search()).toBe("");
    await page.goBack();
    await eventually(names).toEqual(["Bob", "Cleo"]);
  });

  it("shows those with a tag: typed, or the one that was clicked", async () => {
    await page.goto(`/${tenant.slug}/customers`);
    await awake(page);
    await page.getByRole("button", { name: "Tag" }).click();
    await page.getByLabel("Tag", { exact: true }).fill("vip");
    await page.keyboard.press("Enter");
    await eventually(names).toEqual(["Ada Ltd", "Bob"]);
    await page.getByRole("link", { name: "net, 30" }).click();
    await eventually(names).toEqual(["Ada Ltd"]);
    expect(new URL(page.url()).searchParams.get("tag")).toBe("net, 30");
  });

  it("keeps its order and its other filters when one more is chosen, and works without scripts", async () => {
    const context = await visitor(browser, { javaScriptEnabled: false, viewport: NARROW });
    const plain = await context.newPage();
    await signInAt(plain, tenant.owner.email);
    await plain.goto(`/${tenant.slug}/customers?tag=vip&sort=-name`);
    const rows = () => plain.locator("[data-row-link]:visible").allTextContents();
    expect(await rows()).toEqual(["Bob", "Ada Ltd"]);
    await plain.getByRole("button", { name: "Kind" }).click();
    await plain.getByLabel("People").check();
    await plain.getByRole("button", { name: "Apply" }).click();
    await plain.waitForURL(/kind=person/);
    expect(await rows()).toEqual(["Bob"]);
    expect(new URL(plain.url()).searchParams.get("sort")).toBe("-name");
    await context.close();
  });
});

it("the list of products shows what is offered no more", async () => {
  await page.goto(`/${tenant.slug}/products`);
  await awake(page);
  await page.getByRole("button", { name: "Offered" }).click();
  await page.getByLabel("Inactive", { exact: true }).check();
  await eventually(names).toEqual(["Bellows"]);
  await page.reload();
  expect(await names()).toEqual(["Bellows"]);
  expect(await page.getByRole("button", { name: /^Offered ?: Inactive$/ }).count()).toBe(1);
});

it("the overview says what the orders come to, by currency", async () => {
  await page.goto(`/${tenant.slug}`);
  const money = page.getByRole("region", { name: "Revenue" });
  const rows = await money.getByRole("row").allTextContents();
  const text = rows.map((row) => row.replace(/\s+/g, " "));
  expect(text[1]).toMatch(/^EUR.*€120\.00.*€0\.00.*€120\.00/);
  expect(text[2]).toMatch(/^JPY.*120.*0.*120/);
  await picture(page, "overview-money-wide");
});
