/** Every page against the rules of WCAG 2.2 AA that can be checked by a machine, in light and in dark. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { awake, launch, NARROW, signInAt, visitor, WIDE } from "./browser.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PUBLIC = ["/signin", "/signup", "/recover", "/docs/api", "/invitations/unknown"];
const TENANT = [
  "/welcome",
  "/account",
  "/acme",
  "/acme/orders",
  "/acme/orders?q=nothing-like-this",
  "/acme/orders?deleted=only",
  "/acme/orders/new",
  "/acme/customers",
  "/acme/customers?kind=person&tag=vip",
  "/acme/products",
  "/acme/products?active=false",
  "/acme/exports",
  "/acme/jobs",
  "/acme/audit",
  "/acme/audit?action=query",
  "/acme/team",
  "/acme/webhooks",
  "/acme/api-keys",
  "/acme/sql-access",
  "/acme/settings",
  "/acme/no-such-page",
];
/** Enough to meet every colour and every layout. */
const SOME = [
  "/account",
  "/acme",
  "/acme/orders",
  "/acme/orders/new",
  "/acme/exports",
  "/acme/jobs",
  "/acme/audit",
  "/acme/team",
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

async function scrollsSideways(page: Page): Promise<boolean> {
  return await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
}

describe.each([
  { colorScheme: "light", width: "wide", viewport: WIDE, strangers: PUBLIC, members: TENANT },
  { colorScheme: "dark", width: "wide", viewport: WIDE, strangers: ["/signin"], members: SOME },
  { colorScheme: "light", width: "narrow", viewport: NARROW, strangers: [], members: SOME },
] as const)("in $colorScheme, $width", ({ colorScheme, viewport, strangers, members }) => {
  let page: Page;
  beforeAll(async () => {
    page = await (await visitor(browser, { colorScheme, viewport })).newPage();
  });
  afterAll(async () => {
    await page?.context().close();
  });

  it.each(strangers)("%s", async (path) => {
    await visit(page, path);
    expect(await violations(page)).toEqual([]);
  });

  it("signs in", async () => {
    await signInAt(page, "owner@acme.test");
  });

  it.each(members)("%s", async (path) => {
    await visit(page, path);
    expect(await violations(page)).toEqual([]);
  });

  it("an order", async () => {
    await visit(page, "/acme/orders?status=processing");
    await page.locator("[data-row-link]:visible").first().click();
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
    await awake(page);
    expect(await violations(page)).toEqual([]);
  });

  it("a dialog", async () => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: /Cancel order/ }).click();
    await page.getByRole("alertdialog").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
  });

  it("what an export is to hold", async () => {
    await visit(page, "/acme/orders");
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await page.getByRole("dialog").getByText("Item", { exact: true }).click();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("the palette", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("option", { name: "New order" }).waitFor();
    expect(await violations(page)).toEqual([]);
  });
});

describe("on a phone", () => {
  let page: Page;
  beforeAll(async () => {
    page = await (
      await visitor(browser, { viewport: NARROW, hasTouch: true, isMobile: true })
    ).newPage();
    await signInAt(page, "owner@acme.test");
  });

  it.each([...PUBLIC, ...TENANT])("%s does not scroll sideways", async (path) => {
    await page.goto(path);
    expect(await scrollsSideways(page)).toBe(false);
  });
});
