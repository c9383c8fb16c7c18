/** An order with more lines than a page holds. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, complaints, eventually, launch, signInAt, visitor } from "./browser.ts";

const LINES = 1000;
const stored = z.object({
  id: z.string(),
  items: z.array(z.object({ name: z.string(), quantity: z.number() })),
});

let browser: Browser;
let tenant: TestTenant;
let page: Page;
let noted: string[];
let id: string;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant({ currency: "EUR" })]);
  const items = Array.from({ length: LINES }, (_, at) => {
    return { name: `Thing ${at + 1}`, quantity: 1, unit_price: 10 };
  });
  const made = await api("/orders", { token: tenant.token, tenant: tenant.id, body: { items } });
  id = stored.parse(made.body).id;
  page = await (await visitor(browser)).newPage();
  noted = complaints(page);
  await signInAt(page, tenant.owner.email);
  await page.goto(`/${tenant.slug}/orders/${id}/edit`);
  await page.getByLabel("Item 1", { exact: true }).waitFor();
  await awake(page);
});
afterAll(async () => {
  await browser?.close();
});

const focused = () => page.evaluate(() => document.activeElement?.id);

it("makes only the lines in sight, and says how many there are", async () => {
  const lines = page.getByRole("listitem", { name: /^Line / });
  expect(await lines.count()).toBeLessThan(60);
  expect(await lines.first().getAttribute("aria-setsize")).toBe(String(LINES));
  await page.getByRole("button", { name: "Add line" }).scrollIntoViewIfNeeded();
  await page.getByRole("listitem", { name: `Line ${LINES}` }).waitFor();
  expect(await lines.last().getAttribute("aria-posinset")).toBe(String(LINES));
});

it("keeps the field that is written in, however far one scrolls", async () => {
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator("#item-0-quantity").click();
  await page.keyboard.type("7");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByRole("listitem", { name: `Line ${LINES}` }).waitFor();
  expect(await focused()).toBe("item-0-quantity");
  await page.keyboard.type("5");
  expect(await page.locator("#item-0-quantity").inputValue()).toBe("75");
});

it("goes from line to line with the keyboard, to the last and beyond", async () => {
  await page.locator("#item-0-quantity").press("Enter");
  await eventually(focused).toBe("item-1-quantity");
  for (let line = 1; line < 60; line++) {
    await page.keyboard.press("Enter");
    await eventually(focused).toBe(`item-${line + 1}-quantity`);
  }
  await page.keyboard.press("Alt+ArrowUp");
  await eventually(focused).toBe("item-59-quantity");
  expect(await page.getByLabel("Item 60", { exact: true }).inputValue()).toBe("Thing 61");
  // From the last field of a line into the next.
  await page.locator("#item-59-tax_rate").focus();
  for (let step = 0; step < 4; step++) await page.keyboard.press("Tab");
  await eventually(() =>
    page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
  ).toBe("Item 61");
});

it("leads to what is wrong in a line that is out of sight", async () => {
  await page.locator("#item-59-unit_price").fill("ten");
  await page.getByLabel("Notes").click();
  await page.evaluate(() => scrollTo(0, 600));
  await eventually(() => page.locator("#item-59-unit_price").count()).toBe(0);
  await page.getByRole("button", { name: "Save changes" }).click();
  await eventually(focused).toBe("item-59-unit_price");
  await page.getByText("Please enter a number.").waitFor();
  await page.keyboard.type("11");
});

it("saves every line, those never seen as well", async () => {
  await page.keyboard.press("Control+Enter");
  await page.waitForURL((url) => url.pathname.endsWith(id));
  const { items } = stored.parse(
    (await api(`/orders/${id}`, { token: tenant.token, tenant: tenant.id })).body,
  );
  expect(items).toHaveLength(LINES);
  expect(items[0]).toEqual({ name: "Thing 1", quantity: 75 });
  expect(items.slice(58, 62).map(({ name }) => name)).toEqual([
    "Thing 59",
    "Thing 61",
    "Thing 60",
    "Thing 62",
  ]);
  expect(items.at(-1)?.name).toBe(`Thing ${LINES}`);
  expect(noted).toEqual([]);
});
