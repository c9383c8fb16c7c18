/** The page of the whole installation: its operators see it, and nobody else knows of it. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import { launch, NARROW, picture, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let tenant: TestTenant;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant()]);
});
afterAll(async () => {
  await browser?.close();
});

it("does not exist for an owner of a tenant, nor for strangers", async () => {
  const page = await (await visitor(browser)).newPage();
  await page.goto("/system");
  expect(new URL(page.url()).pathname).toBe("/signin");
  await signInAt(page, tenant.owner.email);
  expect((await page.goto("/system"))?.status()).toBe(404);
  await page.goto(`/${tenant.slug}`);
  expect(await page.locator("a[href='/system']").count()).toBe(0);
});

it("shows an operator parts, backups, queue, storage, slow queries and versions", async () => {
  const { id, email } = await tenant.join("viewer");
  await owner()`insert into private.operators (user_id) values (${id})`;
  const page = await (await visitor(browser)).newPage();
  await signInAt(page, email);
  await page.goto(`/${tenant.slug}`);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("link", { name: "System" }).click();
  await page.getByRole("heading", { level: 1, name: "System" }).waitFor();
  const headings = await page.getByRole("heading", { level: 2 }).allTextContents();
  expect(headings).toEqual(["Parts", "Backups", "Queue", "Storage", "Slow queries", "Versions"]);
  const parts = page.getByRole("region", { name: "Parts" });
  expect(await parts.getByText("Up", { exact: true }).count()).toBeGreaterThan(4);
  const versions = await page.getByRole("region", { name: "Versions" }).textContent();
  expect(versions).toMatch(/Postgres\s*17/);
  const queries = page.getByRole("region", { name: "Slow queries" });
  expect(await queries.getByRole("row").count()).toBeGreaterThan(3);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((one) => [one.id, one.nodes.map((node) => node.target)])).toEqual([]);
  }
  await picture(page, "system-wide-dark");
  await page.setViewportSize(NARROW);
  await page.emulateMedia({ colorScheme: "light" });
  await picture(page, "system-narrow");
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over).toBeLessThanOrEqual(0);
});
