/** Every page against the rules of WCAG 2.2 AA that can be checked by a machine, in light and in dark. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awake, launch, NARROW, signInAt, visitor, WIDE } from "./browser.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PUBLIC = ["/signin", "/signup", "/recover", "/docs/api", "/invitations/unknown"];
const PAGES = [
  "/welcome",
  "/acme",
  "/acme/orders",
  "/acme/orders?q=nothing-like-this",
  "/acme/orders?deleted=only",
  "/acme/orders/new",
  "/acme/customers",
  "/acme/products",
  "/acme/team",
  "/acme/settings",
  "/acme/no-such-page",
];

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}

async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await awake(page);
  // Colours are judged once they have come to rest.
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
}

async function judge(page: Page, path: string): Promise<void> {
  await visit(page, path);
  expect(await violations(page), path).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
}

describe.each([
  ["light", "wide", WIDE],
  ["light", "narrow", NARROW],
  ["dark", "wide", WIDE],
] as const)("in %s, %s", (colorScheme, _name, viewport) => {
  const open = async () => (await visitor(browser, { colorScheme, viewport })).newPage();

  it("strangers' pages", async () => {
    const page = await open();
    for (const path of PUBLIC) await judge(page, path);
    await page.context().close();
  });

  it("a tenant's pages", async () => {
    const page = await open();
    await signInAt(page, "owner@acme.test");
    for (const path of PAGES) await judge(page, path);
    await page.context().close();
  });

  it("an order, its menu, its dialog and the palette", async () => {
    const page = await open();
    await signInAt(page, "owner@acme.test");
    await visit(page, "/acme/orders?status=processing");
    await page.locator("[data-row-link]:visible").first().click();
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
    await awake(page);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: /Cancel order/ }).click();
    await page.getByRole("alertdialog").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: "New order" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });
});
