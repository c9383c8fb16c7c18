/** What a file is to hold: chosen by groups, with the keyboard, and remembered. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, eventually, launch, NARROW, picture, signInAt, visitor, WIDE } from "./browser.ts";

let browser: Browser;
let tenant: TestTenant;
let page: Page;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant({ currency: "EUR" })]);
  await api("/orders", { token: tenant.token, tenant: tenant.id, body: { items: [] } });
  page = await (await visitor(browser)).newPage();
  await signInAt(page, tenant.owner.email);
});
afterAll(async () => {
  await browser?.close();
});

async function openDialog() {
  await page.goto(`/${tenant.slug}/orders`);
  await awake(page);
  await page.getByRole("button", { name: "Export", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Export orders" });
  await dialog.waitFor();
  return dialog;
}

it("takes all, none or some of a group, and remembers", async () => {
  const dialog = await openDialog();
  await dialog.getByText("Item", { exact: true }).click();
  const all = dialog.getByRole("checkbox", { name: /^All of Customer/ });
  expect(await all.evaluate((box: HTMLInputElement) => box.indeterminate)).toBe(true);
  const group = dialog.getByRole("group", { name: "Customer", exact: true });
  const checked = () => group.getByRole("checkbox", { checked: true }).count();
  // With the keyboard: half a group becomes all of it, and then none.
  await all.focus();
  await page.keyboard.press("Space");
  await eventually(checked).toBe(5);
  await page.keyboard.press("Space");
  await eventually(checked).toBe(0);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await eventually(checked).toBe(1);
  expect(
    await group
      .getByRole("checkbox", { checked: true })
      .first()
      .evaluate((box) => box.closest("label")?.textContent),
  ).toBe("Name");
  await dialog.getByRole("group", { name: "Format" }).getByText("Excel").click();
  await picture(page, "export-dialog-wide");
  await page.setViewportSize(NARROW);
  await picture(page, "export-dialog-narrow");
  await page.setViewportSize(WIDE);
  await dialog.getByRole("button", { name: "Export" }).click();
  await page.getByText("The file is being made").first().waitFor();

  const again = await openDialog();
  expect(await again.getByRole("radio", { name: "Excel" }).isChecked()).toBe(true);
  expect(await again.getByRole("radio", { name: "Item" }).isChecked()).toBe(true);
  await eventually(() =>
    again
      .getByRole("group", { name: "Customer", exact: true })
      .getByRole("checkbox", { checked: true })
      .count(),
  ).toBe(1);
  await again.getByRole("button", { name: "Default columns" }).click();
  await eventually(() =>
    again
      .getByRole("group", { name: "Customer", exact: true })
      .getByRole("checkbox", { checked: true })
      .count(),
  ).toBe(1);
});
