/** The audit log as an admin reads it: filtered, unfolded, taken away; and each record's own history. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
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
let tenant: TestTenant;
let customer: string;

beforeAll(async () => {
  browser = await launch();
  tenant = await newTenant();
  const { token } = tenant;
  const made = await api("/api/customers", { token, body: { name: "Harbour Supplies" } });
  customer = (made.body as { id: string }).id;
  await api(`/api/customers/${customer}`, {
    method: "PATCH",
    token,
    body: { name: "Harbour & Sons", tags: ["north"] },
  });
});
afterAll(async () => {
  await browser?.close();
});

it("shows who changed what, by filters that the address holds", async () => {
  const context = await visitor(browser);
  const page = await context.newPage();
  const complained = complaints(page);
  await signInAt(page, tenant.owner.email);
  await page.goto(`/${tenant.slug}/audit`);
  await awake(page);
  const entries = page.getByRole("list", { name: "Entries" }).getByRole("listitem");
  await page.getByLabel("Action").selectOption("update");
  await eventually(() => page.url()).toContain("?action=update");
  await eventually(() => entries.count()).toBe(1);
  await entries.first().locator("summary").first().click();
  const name = page.getByRole("row", { name: /^Name/ });
  expect(await name.innerText()).toMatch(/Harbour Supplies\s+Harbour & Sons/);
  expect(await entries.first().innerText()).toContain("127.0.0.1");
  await picture(page, "audit");

  await page.getByLabel("Record").selectOption("order");
  await eventually(() => page.getByText("No entries found").count()).toBe(1);
  await page.goBack();
  await eventually(() => entries.count()).toBe(1);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.csv$/);
  await page.goto(`/${tenant.slug}/audit?from=nonsense`);
  await eventually(() => page.getByText("This address asks for something").count()).toBe(1);
  expect(complained).toEqual([]);
  await context.close();
});

it("fits a phone, and tells a record's history to its readers", async () => {
  const context = await visitor(browser, { viewport: NARROW });
  const page = await context.newPage();
  await signInAt(page, tenant.owner.email);
  await page.goto(`/${tenant.slug}/audit`);
  await awake(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect(wide).toBe(false);
  await picture(page, "audit-narrow");
  await page.goto(`/${tenant.slug}/customers/${customer}`);
  const history = page.getByRole("region", { name: "Timeline" });
  await eventually(() => history.innerText()).toMatch(/Changed name, tags[\s\S]+Created/);
  await context.close();
});

it("is for admins", async () => {
  const member = await tenant.join("member");
  const context = await visitor(browser);
  const page = await context.newPage();
  await signInAt(page, member.email);
  expect(await page.getByRole("link", { name: "Audit log" }).count()).toBe(0);
  for (const path of ["audit", "audit/csv"]) {
    expect((await page.goto(`/${tenant.slug}/${path}`))?.status()).toBe(404);
  }
  await context.close();
});
