/** One order's way through the portal, and its sight through another door. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, newTenant, rest, type TestTenant } from "../../scripts/stack/testing.ts";
import {
  awake,
  complaints,
  eventually,
  launch,
  NARROW,
  picture,
  signInAt,
  visitor,
} from "./browser.ts";

let browser: Browser;
let context: BrowserContext;
let page: Page;
let tenant: TestTenant;
let noted: string[];

beforeAll(async () => {
  tenant = await newTenant({ currency: "EUR", timeZone: "Europe/Berlin" });
  const call = { token: tenant.token, tenant: tenant.id };
  const product = { sku: "LAD-1", name: "Ladder, 4 steps", unit_price: 19.99, tax_rate: 19 };
  expect((await api("/products", { ...call, body: product })).status).toBe(201);
  expect((await api("/customers", { ...call, body: { name: "Müller & Söhne GmbH" } })).status).toBe(
    201,
  );
  browser = await launch();
  context = await visitor(browser);
  page = await context.newPage();
  noted = complaints(page);
});

afterAll(async () => {
  await browser?.close();
});

describe("an order's journey", () => {
  it("signs in and shows the tenant", async () => {
    await signInAt(page, tenant.owner.email);
    await eventually(() => new URL(page.url()).pathname).toBe(`/${tenant.slug}`);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Overview");
  });

  it("creates an order whose live total the server confirms", async () => {
    await page.goto(`/${tenant.slug}/orders/new`);
    await awake(page);
    await page.getByLabel("Customer").fill("muller");
    await page.getByRole("option", { name: "Müller & Söhne GmbH" }).click();
    await page.getByLabel("Item 1").fill("ladder");
    await page.getByRole("option", { name: /Ladder, 4 steps/ }).click();
    await eventually(() => page.getByLabel("Quantity").inputValue()).toBe("1");
    await page.getByLabel("Quantity").fill("3");
    await page.getByLabel("Discount in percent").fill("10");
    await page.keyboard.press("Enter");
    await page.getByLabel("Item 2").fill("Delivery to the third floor");
    await page.getByLabel("Unit price of line 2").fill("25");
    // 3 × 19.99 − 10 % = 53.97, tax 10.25; 25.00 without tax
    await eventually(() => page.locator("dl").last().textContent()).toContain("€89.22");
    await picture(page, "order-editor-wide");
    await page.getByRole("button", { name: "Create order" }).click();
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
    expect(await page.locator("dl").first().textContent()).toContain("€89.22");
    await page.getByText("SO-000001 created").first().waitFor();
    await picture(page, "order-wide");
  });

  it("finds it by a search with a wrong letter, and shares the search by its address", async () => {
    await page.goto(`/${tenant.slug}/orders`);
    await awake(page);
    await page.keyboard.press("/");
    await page.keyboard.type("müllar");
    await page.waitForURL((url) => url.searchParams.get("q") === "müllar");
    await page.getByText("1 order", { exact: true }).last().waitFor();
    await picture(page, "orders-wide");
    const shared = await context.newPage();
    await shared.goto(page.url());
    expect(await shared.getByRole("searchbox").inputValue()).toBe("müllar");
    expect(await shared.getByRole("link", { name: "SO-000001" }).first().count()).toBe(1);
    await shared.close();
  });

  it("opens it with the keyboard and ships it", async () => {
    await page.getByRole("searchbox").press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
    await awake(page);
    await page.getByRole("button", { name: "Start processing" }).click();
    await page.getByRole("button", { name: "Mark as shipped" }).click();
    await page.getByRole("button", { name: "Mark as delivered" }).waitFor();
    expect(
      await page.getByRole("listitem", { name: "" }).filter({ hasText: "Status changed" }).count(),
    ).toBe(2);
  });

  it("looks as it should on a narrow window", async () => {
    await page.setViewportSize(NARROW);
    await picture(page, "order-narrow");
    await page.goto(`/${tenant.slug}/orders`);
    await awake(page);
    await picture(page, "orders-narrow");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });

  it("is the same order through /rest/v1", async () => {
    const answer = await rest("/orders?select=number,status,total", {
      token: tenant.token,
      tenant: tenant.id,
    });
    expect(answer.body).toEqual([{ number: "SO-000001", status: "shipped", total: 89.22 }]);
  });

  it("made no page complain", () => {
    expect(noted).toEqual([]);
  });
});
