/** The audit log as an admin reads it: filtered, unfolded, taken away; and each record's own history. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { arrivals, newWebhook } from "../../tasks/testing/webhooks.ts";
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

it("shows amounts in their currency, and what webhooks were told, in an order's history", async () => {
  const hook = await newWebhook();
  const { token, owner, slug } = hook.tenant;
  const made = await api("/api/orders", {
    token,
    body: { items: [{ name: "Bolt", quantity: 3, unit_price: 10 }] },
  });
  const { id } = made.body as { id: string };
  const patch = (body: unknown) => api(`/api/orders/${id}`, { method: "PATCH", token, body });
  await patch({ shipping_total: 2.5, notes: "Leave it at the gate." });
  await patch({ status: "processing" });
  await arrivals(hook.receiver, 3);

  const views = [
    ["timeline", {}],
    ["timeline-dark-narrow", { viewport: NARROW, colorScheme: "dark" as const }],
  ] as const;
  for (const [name, options] of views) {
    const context = await visitor(browser, options);
    const page = await context.newPage();
    await signInAt(page, owner.email);
    await page.goto(`/${slug}/orders/${id}`);
    await awake(page);
    const history = page.getByRole("region", { name: "Timeline" });
    await eventually(async () => {
      await page.reload();
      return history.innerText();
    }).toMatch(/Webhook order\.status_changed delivered to 127\.0\.0\.1:/);
    expect(await history.innerText()).toMatch(/Shipping total: €0\.00 →\s+, now\s+€2\.50/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(
      false,
    );
    await history.scrollIntoViewIfNeeded();
    await picture(page, name);
    await page.goto(`/${slug}/audit?action=update&entity_type=order`);
    await awake(page);
    await page.getByRole("list", { name: "Entries" }).locator("summary").nth(1).click();
    const amount = page.getByRole("row", { name: /^Shipping total/ });
    expect(await amount.innerText()).toMatch(/€0\.00\s+€2\.50/);
    await picture(page, `audit-${name}`);
    await context.close();
  }
  await hook.receiver.close();
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
