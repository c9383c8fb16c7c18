/** People with SQL: the box, logins for other programs; and machines with keys. */
import { readFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addCustomer, placeOrder } from "../../functions/_shared/testing.ts";
import { api, newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
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

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = [
  { colorScheme: "light", viewport: null },
  { colorScheme: "dark", viewport: NARROW },
] as const;

let browser: Browser;
let page: Page;
let tenant: TestTenant;

beforeAll(async () => {
  tenant = await newTenant();
  const { id } = await addCustomer(tenant, "=Müller & Söhne");
  for (const month of ["2026-01", "2026-02", "2026-03"]) {
    await placeOrder(tenant, { customer_id: id, placed_at: `${month}-10T10:00:00Z` });
  }
  browser = await launch();
  const context = await visitor(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  page = await context.newPage();
  await signInAt(page, tenant.owner.email);
});
afterAll(async () => {
  await browser?.close();
});

async function violations(): Promise<string[]> {
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
  const { violations: found } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}

async function visit(path: string): Promise<void> {
  await page.goto(`/${tenant.slug}/${path}`);
  await awake(page);
}

const statement = () => page.getByRole("textbox", { name: "Statement" });
const rows = () => page.getByRole("region", { name: "Rows" });
const dialog = () => page.getByRole("dialog").or(page.getByRole("alertdialog"));

describe("the SQL box", () => {
  it("is run by keyboard, shows its rows, draws them and saves them", async () => {
    const noted = complaints(page);
    await visit("sql-access");
    await statement().press("Control+Enter");
    await rows().waitFor();
    await page.getByText(/^3 rows in/).waitFor();
    await page.getByRole("button", { name: "Chart" }).click();
    await page.getByRole("img", { name: /^Line of total by month: 3 values/ }).waitFor();

    await statement().fill("select name, 1.5 as part from customers");
    await page.getByRole("button", { name: "Run" }).click();
    await rows().getByText("=Müller & Söhne").waitFor();
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    const file = await saving;
    expect(file.suggestedFilename()).toBe("query.csv");
    expect(await readFile(await file.path(), "utf8")).toBe("name,part\r\n'=Müller & Söhne,1.5\r\n");
    expect(noted).toEqual([]);
  });

  it("says what is wrong, and puts the cursor there", async () => {
    await statement().fill("select *\nfrom nowhere");
    await statement().press("Control+Enter");
    await page.getByText(/^Line 2, column 6: relation "nowhere" does not exist/).waitFor();
    const at = await statement().evaluate((box) => (box as HTMLTextAreaElement).selectionStart);
    expect(at).toBe("select *\nfrom ".length);
  });

  it("stops the statement in the database", async () => {
    const waiting = "select pg_sleep(25), 'stopped from the page' as it";
    const running = () => owner()`
      select from pg_stat_activity where state = 'active' and query = ${waiting}`;
    await statement().fill(waiting);
    await statement().press("Control+Enter");
    await eventually(async () => (await running()).length).toBe(1);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
    await eventually(async () => (await running()).length).toBe(0);
  });

  it("knows what there is, and asks for it", async () => {
    await page.getByText("revenue_by_customer", { exact: true }).click();
    await page.getByText("What each customer has ordered").waitFor();
    await page.getByRole("button", { name: "Ask for it" }).locator("visible=true").click();
    await eventually(() => statement().inputValue()).toContain("from revenue_by_customer");
    await statement().press("Control+Enter");
    await rows().getByText("=Müller & Söhne").waitFor();
    await statement().fill(`select 'Shelf ' || g as product, g * g * 7 - 40 as sold
      from generate_series(1, 12) g`);
    await statement().press("Control+Enter");
    await page.getByText(/^12 rows in/).waitFor();
    await page.getByRole("button", { name: "Chart" }).click();
    await page.getByText("sold by product").waitFor();
    await picture(page, "sql-bars-wide");
  });

  it.each(LOOKS)("can be read by everybody: $colorScheme", async ({ colorScheme, viewport }) => {
    await page.emulateMedia({ colorScheme });
    if (viewport) await page.setViewportSize(viewport);
    await visit("sql-access");
    await statement().press("Control+Enter");
    await page.getByRole("button", { name: "Chart" }).click();
    await page.getByRole("img", { name: /^Line of total by month/ }).waitFor();
    await page.getByText("revenue_by_month", { exact: true }).click();
    expect(await violations()).toEqual([]);
    await picture(page, `sql-access-${colorScheme}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(
      false,
    );
  });
});

describe("a login for another program", () => {
  it("is made, connects, gets a new password and is revoked", async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
    await visit("sql-access");
    await page.getByRole("button", { name: "New login" }).click();
    await dialog().getByRole("button", { name: "Make the login" }).click();
    await dialog().getByText("Must not be empty.").waitFor();
    await dialog().getByLabel("Label").fill("Ana, Metabase");
    await dialog().getByRole("button", { name: "Make the login" }).click();
    const shown = page.getByRole("alertdialog", { name: "Keep this password" });
    const address = /postgres\S+(?=")/.exec((await shown.locator("pre").textContent()) ?? "");
    const sql = postgres(address?.[0] ?? "", { max: 1, onnotice: () => {} });
    expect(await sql`select count(*)::int as orders from orders`).toEqual([{ orders: 3 }]);
    expect(await violations()).toEqual([]);
    await picture(page, "sql-login-wide");
    await shown.getByLabel("Connect with").selectOption("python");
    await shown.getByText("postgresql+psycopg:").waitFor();
    await shown.getByRole("button", { name: "Done" }).click();

    const list = page.getByRole("list", { name: "Logins" });
    await list.getByRole("button", { name: "New password for Ana, Metabase" }).click();
    await dialog().getByRole("button", { name: "New password" }).click();
    await shown.waitFor();
    await shown.getByRole("button", { name: "Done" }).click();
    await expect(sql`select 1`).rejects.toThrow();
    await sql.end({ timeout: 1 });

    await list.getByRole("button", { name: "Revoke Ana, Metabase" }).click();
    await dialog().getByRole("button", { name: "Revoke" }).click();
    await list.getByText("Revoked").waitFor();
  });
});

describe("an API key", () => {
  it("is made with what it may, works, and is revoked", async () => {
    await visit("api-keys");
    await page.getByText("No keys yet").waitFor();
    expect(await violations()).toEqual([]);
    await page.getByRole("button", { name: "New key" }).click();
    await dialog().getByLabel("Label").fill("Web shop");
    await dialog().getByRole("button", { name: "Make the key" }).click();
    await dialog().getByText("Choose what it may read or write.").waitFor();
    await dialog().getByLabel("Orders").selectOption("read");
    expect(await violations()).toEqual([]);
    await picture(page, "api-key-new-wide");
    await dialog().getByRole("button", { name: "Make the key" }).click();
    const shown = page.getByRole("alertdialog", { name: "Keep this key" });
    const key = await shown.getByLabel("API key").inputValue();
    expect(await shown.locator("pre").textContent()).toContain(`Bearer ${key}`);
    await shown.getByRole("button", { name: "Copy key" }).click();
    await eventually(() => page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    expect(await violations()).toEqual([]);
    await shown.getByRole("button", { name: "Done" }).click();

    expect((await api("/orders", { token: key })).status).toBe(200);
    expect((await api("/customers", { token: key })).status).toBe(403);
    const list = page.getByRole("list", { name: "API keys" });
    expect(await list.textContent()).toContain("orders:read");
    await visit("api-keys");
    await list.getByText(/last used .* from 127\.0\.0\.1/).waitFor();
    await picture(page, "api-keys-wide");
    await list.getByRole("button", { name: "Revoke Web shop" }).click();
    await dialog().getByRole("button", { name: "Revoke" }).click();
    await list.getByText("Revoked", { exact: true }).waitFor();
    expect((await api("/orders", { token: key })).status).toBe(401);
  });

  it.each(LOOKS)("is read by everybody: $colorScheme", async ({ colorScheme, viewport }) => {
    await page.emulateMedia({ colorScheme });
    if (viewport) await page.setViewportSize(viewport);
    await visit("api-keys");
    expect(await violations()).toEqual([]);
    await picture(page, `api-keys-${colorScheme}`);
  });
});

describe("why somebody sees a record", () => {
  it("is said on the team's page", async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: "light" });
    const viewer = await tenant.join("viewer");
    const { id } = await placeOrder(tenant);
    await visit("team");
    const card = page.getByRole("region", { name: "Why can they see this?" });
    await card.scrollIntoViewIfNeeded();
    await awake(page);
    await card.getByLabel("Person").selectOption(viewer.email);
    await card.getByRole("button", { name: "Explain" }).click();
    await card.getByText("Paste the address of its page, or its id.").waitFor();
    await card.getByLabel("Address or id").fill(page.url().replace("team", `orders/${id}`));
    await card.getByRole("button", { name: "Explain" }).click();
    await card.getByText("A viewer here: they can see it.").waitFor();
    await card.getByText("does not let them change it").waitFor();
    expect(await violations()).toEqual([]);
    await picture(page, "access-wide");
  });
});

describe("who is no admin", () => {
  it("finds neither page", async () => {
    const member = await tenant.join("member");
    const other = await (await visitor(browser)).newPage();
    await signInAt(other, member.email);
    for (const path of ["sql-access", "api-keys"]) {
      expect((await other.goto(`/${tenant.slug}/${path}`))?.status(), path).toBe(404);
    }
    expect(await other.getByRole("link", { name: "SQL access" }).count()).toBe(0);
  });
});
