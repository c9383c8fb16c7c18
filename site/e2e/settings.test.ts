/** A tenant's look and its own fields: defined in the settings, met on every record. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { bomb } from "../../tasks/previews/samples.ts";
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
let page: Page;
let tenant: TestTenant;
let noted: string[];
beforeAll(async () => {
  browser = await launch();
  tenant = await newTenant();
  page = await (await visitor(browser)).newPage();
  noted = complaints(page);
  await signInAt(page, tenant.owner.email);
});
afterAll(() => browser?.close());

const open = async (path: string) => {
  await page.goto(`/${tenant.slug}/${path}`);
  await awake(page);
};
const button = (name: string) => page.getByRole("button", { name, exact: true });

/** What is wrong for people who see or point in other ways, by day and by night. */
async function barriers(): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished)));
    const { violations } = await new AxeBuilder({ page }).analyze();
    found.push(
      ...violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target}`)),
    );
  }
  await page.emulateMedia({ colorScheme: "light" });
  return found;
}

test("who and where the business is, is saved without scripts, and what is wrong is said at its field", async () => {
  await open("settings");
  await page.getByLabel("Street").fill("Hafenstraße 12");
  await page.getByLabel("City").fill("Hamburg");
  await page.getByLabel("Phone").fill("+49 40 123");
  await page.getByLabel("Order number prefix").fill("no spaces");
  await button("Save changes").click();
  await page.getByText("At most 12 letters").waitFor();
  expect(await page.getByLabel("Street").inputValue()).toBe("Hafenstraße 12");
  await page.getByLabel("Order number prefix").fill("AB-");
  await page.getByLabel("Language of documents").selectOption("de-DE");
  await button("Save changes").click();
  await page.getByText("Saved.").waitFor();
  expect(await page.getByLabel("City").inputValue()).toBe("Hamburg");
  await page.getByLabel("City").fill("");
  await page.getByLabel("Street").fill("");
  await button("Save changes").click();
  await page.waitForURL(/saved/);
  expect(await page.getByLabel("Street").inputValue()).toBe("");
  noted.length = 0; // the browser notes every refusal
});

describe("the logo", () => {
  const shown = () => page.getByRole("img", { name: /^Logo of/ });
  const choose = (name: string, mimeType: string, buffer: Buffer) =>
    page.getByLabel("Upload a logo").setInputFiles({ name, mimeType, buffer });
  const blue = (width: number) =>
    sharp({ create: { width, height: 100, channels: 3, background: "#1f4e79" } })
      .png()
      .toBuffer();
  const width = () =>
    shown().evaluate((one) => (one instanceof HTMLImageElement ? one.naturalWidth : 0));

  test("is seen once it is uploaded, can be replaced, and taken away", async () => {
    await open("settings");
    await choose("Logo.png", "image/png", await blue(300));
    await page.getByText("Logo saved").first().waitFor();
    await eventually(width).toBe(300);
    await choose("Logo.png", "image/png", await blue(400));
    await eventually(width).toBe(400);
    await page.reload();
    await eventually(width).toBe(400);
    await awake(page);
    expect(await barriers()).toEqual([]);
    await button("Remove").click();
    await shown().waitFor({ state: "detached" });
    expect(noted).toEqual([]);
  });

  test.each<
    [what: string, name: string, type: string, bytes: () => Buffer | Promise<Buffer>, words: string]
  >([
    [
      "a PDF",
      "a.pdf",
      "application/pdf",
      () => Buffer.from("%PDF-1.7"),
      "PNG, JPEG or WebP picture",
    ],
    ["a large file", "a.png", "image/png", () => Buffer.alloc(1024 ** 2 + 1), "1 MiB at most"],
    ["a text", "a.png", "image/png", () => Buffer.from("no picture"), "This is not a PNG file"],
    ["a bomb", "a.png", "image/png", bomb, "cannot be shown as a picture"],
  ])("is not %s", async (_what, name, type, bytes, words) => {
    await choose(name, type, await bytes());
    await page.getByRole("alert").filter({ hasText: words }).waitFor();
    expect(await shown().count()).toBe(0);
    noted.length = 0;
  });
});

describe("the tenant's own fields", () => {
  const dialog = () => page.getByRole("dialog");

  async function addField(
    label: string,
    type: string,
    more: { choices?: string; required?: boolean } = {},
  ) {
    await button("Add field").first().click();
    await dialog().getByLabel("Label").fill(label);
    await dialog().getByLabel("Type").selectOption(type);
    if (more.choices) await dialog().getByLabel("Choices").fill(more.choices);
    if (more.required)
      await dialog()
        .getByLabel(/^Required/)
        .check();
    await dialog().getByRole("button", { name: "Add field" }).click();
    await dialog().waitFor({ state: "detached" });
  }

  test("are defined for each kind of record, and put in order", async () => {
    await open("settings");
    await addField("Segment", "choice", { choices: "Retail\nTrade", required: true });
    await addField("Rating", "number");
    await addField("Newsletter", "boolean");
    await page.getByText("Products", { exact: true }).last().click();
    await page.getByText("No fields yet.").waitFor();
    await addField("Fragile", "boolean");
    await page.getByText("Orders", { exact: true }).last().click();
    await addField("Due", "date", { required: true });
    await page.getByText("Customers", { exact: true }).last().click();
    await button("Move Newsletter up").click();
    await eventually(() =>
      page
        .getByRole("button", { name: /^Edit / })
        .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label"))),
    ).toEqual(["Edit Segment", "Edit Newsletter", "Edit Rating"]);
    await button("Edit Rating").click();
    await dialog().getByLabel("Label").fill("Stars");
    await dialog().getByRole("button", { name: "Save changes" }).click();
    await button("Edit Stars").waitFor();
    await button("Add field").click();
    await dialog().getByRole("button", { name: "Add field" }).click();
    await dialog().getByRole("alert").first().waitFor();
    expect(await barriers()).toEqual([]);
    await page.keyboard.press("Escape");
    noted.length = 0;
  });

  test("are asked for in a customer's form, checked, and shown on its page", async () => {
    await open("customers");
    await button("New customer").first().click();
    await dialog().getByLabel("Name").fill("Ada Ltd");
    await dialog().getByLabel("Stars").fill("many");
    await dialog().getByRole("button", { name: "Create customer" }).click();
    await dialog().getByText("Segment is required.").waitFor();
    await dialog().getByLabel("Segment").selectOption("Trade");
    await dialog().getByRole("button", { name: "Create customer" }).click();
    await dialog().getByText("Stars is a number.").waitFor();
    await dialog().getByLabel("Stars").fill("4.5");
    await dialog().getByRole("button", { name: "Create customer" }).click();
    await page.waitForURL(/customers\/[0-9a-f-]{36}/);
    await page.getByText("4.5", { exact: true }).waitFor();
    await page.getByText("Trade", { exact: true }).waitFor();
    await awake(page);
    expect(await barriers()).toEqual([]);
    noted.length = 0;
  });

  test("and in a product's", async () => {
    await open("products");
    await button("New product").first().click();
    await dialog().getByLabel("Name").fill("Vase");
    await dialog().getByLabel("SKU").fill("VA-1");
    await dialog().getByLabel("Unit price").fill("12");
    await dialog().getByLabel("Fragile").check();
    await dialog().getByRole("button", { name: "Create product" }).click();
    await page.waitForURL(/products\/[0-9a-f-]{36}/);
    await page.getByText("Yes", { exact: true }).waitFor();
    await awake(page);
    expect(await barriers()).toEqual([]);
    await page.setViewportSize(NARROW);
    await picture(page, "product-narrow");
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(
      false,
    );
    await page.setViewportSize({ width: 1440, height: 900 });
    expect(noted).toEqual([]);
  });

  test("and in an order's", async () => {
    await open("orders/new");
    await page
      .getByLabel("Item 1")
      .or(page.getByPlaceholder(/product/i))
      .first()
      .fill("Chair");
    await page.getByLabel(/price/i).first().fill("10");
    await button("Create order").click();
    await page.getByText("Due is required.").waitFor();
    await page.getByLabel("Due").fill("2026-12-24");
    await button("Create order").click();
    await page.waitForURL(/orders\/[0-9a-f-]{36}/);
    await page.getByText("24 Dec 2026").waitFor();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.waitForURL(/edit$/);
    expect(await page.getByLabel("Due").inputValue()).toBe("2026-12-24");
    noted.length = 0;
  });
});

test("who is no admin has no settings", async () => {
  const member = await tenant.join("member");
  const theirs = await (await visitor(browser)).newPage();
  await signInAt(theirs, member.email);
  expect((await theirs.goto(`/${tenant.slug}/settings`))?.status()).toBe(404);
});
