/** A file laid to an order, and a list taken along: what goes on behind the pages, seen from them. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, complaints, eventually, launch, picture, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let page: Page;
let tenant: TestTenant;
let noted: string[];

beforeAll(async () => {
  tenant = await newTenant({ currency: "EUR", timeZone: "Europe/Berlin" });
  const call = { token: tenant.token, tenant: tenant.id };
  expect((await api("/orders", { ...call, body: { items: [] } })).status).toBe(201);
  browser = await launch();
  page = await (await visitor(browser)).newPage();
  noted = complaints(page);
  await signInAt(page, tenant.owner.email);
});

afterAll(async () => {
  await browser?.close();
});

async function downloadName(link: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: link }).first().click(),
  ]);
  return download.suggestedFilename();
}

describe("an order's files", () => {
  it("are uploaded, listed, downloaded and deleted", async () => {
    await page.goto(`/${tenant.slug}/orders`);
    await page.getByRole("link", { name: "SO-000001" }).first().click();
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
    await awake(page);
    await page.getByLabel("Upload files").setInputFiles([
      { name: "Größe 🪑.txt", mimeType: "text/plain", buffer: Buffer.from("A chair") },
      { name: "notes.md", mimeType: "", buffer: Buffer.from("# Notes") },
    ]);
    const links = () => page.getByRole("link", { name: /^Download / }).count();
    await eventually(links).toBe(2);
    await picture(page, "order-files-wide");

    await page.reload();
    await awake(page);
    expect(await links()).toBe(2);
    expect(await downloadName("Download Größe 🪑.txt")).toBe("Größe 🪑.txt");

    await page.getByRole("button", { name: "Delete notes.md" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await eventually(links).toBe(1);
  });
});

describe("an export", () => {
  it("is asked for at the list, made while one looks, and downloaded", async () => {
    await page.goto(`/${tenant.slug}/orders?status=pending`);
    await awake(page);
    await page.getByRole("button", { name: "Export", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Export orders" });
    await dialog.getByLabel("Notes").uncheck();
    await dialog.getByRole("button", { name: "Export" }).click();
    const [told] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download", exact: true }).click(),
    ]);
    expect(told.suggestedFilename()).toMatch(/^orders-.*\.csv$/);
    await page.goto(`/${tenant.slug}/exports`);
    await page.getByText("Ready", { exact: true }).waitFor();
    await picture(page, "exports-wide");
    expect(await page.getByRole("main").textContent()).toContain("1 row");
    expect(await page.getByRole("link", { name: /^Download / }).count()).toBe(1);
    expect(await downloadName("Download orders-")).toMatch(/^orders-.*\.csv$/);
  });

  it("made no page complain", () => {
    expect(noted).toEqual([]);
  });
});
