/** Lists and forms in use: addresses, conflicts, undo, mistakes, and life without scripts. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, eventually, launch, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let tenant: TestTenant;
let page: Page;
const orderIds: string[] = [];

const call = () => ({ token: tenant.token, tenant: tenant.id });
const stored = z.object({
  id: z.string(),
  notes: z.string().nullable(),
  version: z.number(),
  total: z.number(),
});

async function orderNow(id: string) {
  return stored.parse((await api(`/orders/${id}`, call())).body);
}

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant({ currency: "EUR" })]);
  for (let index = 1; index <= 60; index++) {
    const items = [{ name: `Thing ${index}`, quantity: index, unit_price: 10 }];
    const made = await api("/orders", { ...call(), body: { items } });
    orderIds.push(stored.parse(made.body).id);
  }
  page = await (await visitor(browser)).newPage();
  await signInAt(page, tenant.owner.email);
});
afterAll(async () => {
  await browser?.close();
});

const numbers = (at: Page) => at.locator("table [data-row-link]").allTextContents();

describe("the orders list", () => {
  it("pages, sorts and filters by its address, back and forward", async () => {
    await page.goto(`/${tenant.slug}/orders`);
    await awake(page);
    const first = await numbers(page);
    await page.getByRole("link", { name: "Next" }).click();
    await page.waitForURL(/cursor=/);
    await eventually(() => numbers(page)).not.toEqual(first);
    const second = await numbers(page);
    await page.goBack();
    await eventually(() => numbers(page)).toEqual(first);
    await page.goForward();
    await eventually(() => numbers(page)).toEqual(second);
    await page.reload();
    expect(await numbers(page)).toEqual(second);
    await awake(page);
    await page.getByRole("link", { name: "Previous" }).click();
    await eventually(() => numbers(page)).toEqual(first);

    await page.getByRole("link", { name: "Total", exact: true }).click();
    await page.waitForURL(/sort=-total/);
    await eventually(async () => (await numbers(page))[0]).toBe("SO-000060");
    expect(new URL(page.url()).searchParams.has("cursor")).toBe(false);
    await page.getByRole("link", { name: "Total", exact: true }).click();
    await eventually(async () => (await numbers(page))[0]).toBe("SO-000001");

    await page.getByRole("button", { name: "Total", exact: true }).click();
    await page.getByLabel("At least").fill("595");
    await page.getByRole("button", { name: "Apply" }).last().click();
    await page.getByText("1 order", { exact: true }).last().waitFor();
    await page.getByRole("link", { name: "Clear filter: Total" }).click();
    await page.getByText("25 of 60 orders").last().waitFor();
  });

  it("says what is wrong with an address", async () => {
    await page.goto(`/${tenant.slug}/orders?status=sent`);
    expect(await page.getByText("This address asks for something").count()).toBe(1);
    expect(await page.getByText("The status “sent” does not exist.").count()).toBe(1);
    await page.getByRole("link", { name: "Start over" }).click();
    await page.getByText("25 of 60 orders").last().waitFor();
  });

  it("changes many, and keeps those selected that refuse", async () => {
    await api(`/orders/${orderIds[59]}`, {
      ...call(),
      method: "PATCH",
      body: { status: "processing" },
    });
    await page.goto(`/${tenant.slug}/orders?sort=-number`);
    await awake(page);
    for (const number of ["SO-000060", "SO-000059"])
      await page.getByRole("checkbox", { name: `Select ${number}` }).check();
    await page.getByRole("button", { name: "Set status" }).click();
    await page.getByRole("menuitem", { name: "Shipped" }).click();
    await page.getByText("1 order could not be changed").first().waitFor();
    expect(await page.getByRole("checkbox", { name: "Select SO-000059" }).isChecked()).toBe(true);
    expect(await page.getByRole("checkbox", { name: "Select SO-000060" }).isChecked()).toBe(false);
  });

  it("moves an order to the trash and back", async () => {
    await page.goto(`/${tenant.slug}/orders/${orderIds[3]}`);
    await awake(page);
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Move to trash" }).click();
    await page.getByText("In the trash.").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("In the trash.").waitFor({ state: "detached" });
    expect((await api(`/orders/${orderIds[3]}`, call())).body).toMatchObject({ deleted_at: null });
  });
});

describe("two people with one order", () => {
  async function collide(id: string | undefined): Promise<void> {
    await page.goto(`/${tenant.slug}/orders/${id}/edit`);
    await awake(page);
    await page.getByLabel("Notes").fill("mine");
    await api(`/orders/${id}`, { ...call(), method: "PATCH", body: { notes: "theirs" } });
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByRole("alertdialog").waitFor();
  }

  it("can keep their own", async () => {
    const id = orderIds[5] ?? "";
    await collide(id);
    await page.getByRole("button", { name: "Keep mine" }).click();
    await page.waitForURL((url) => url.pathname.endsWith(id));
    expect((await orderNow(id)).notes).toBe("mine");
  });

  it("can take what the other stored", async () => {
    const id = orderIds[6] ?? "";
    await collide(id);
    await page.getByRole("button", { name: "Reload theirs" }).click();
    await eventually(() => page.getByLabel("Notes").inputValue()).toBe("theirs");
    expect((await orderNow(id)).notes).toBe("theirs");
  });
});

describe("the order editor", () => {
  it("asks for a customer or an item instead of making an empty order", async () => {
    await page.goto(`/${tenant.slug}/orders/new`);
    await awake(page);
    await page.getByRole("button", { name: "Create order" }).click();
    await page.getByText("Choose a customer or add an item.").waitFor();
    expect(await page.getByLabel("Customer").evaluate((at) => at === document.activeElement)).toBe(
      true,
    );
    await page.getByLabel("Item 1").fill("Advice");
    await page.keyboard.press("Escape");
    expect(await page.getByLabel("Item 1").inputValue()).toBe("Advice");
    await page.getByRole("button", { name: "Create order" }).click();
    await page.getByText("Please enter a number.").waitFor();
    await page.getByLabel("Unit price").fill("100");
    await page.getByRole("button", { name: "Create order" }).click();
    await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
    await page.getByText("Advice").first().waitFor();
  });

  it("points at what the contract refuses", async () => {
    await page.goto(`/${tenant.slug}/orders/new`);
    await awake(page);
    await page.getByLabel("Item 1").fill("Thing");
    await page.getByLabel("Unit price").fill("ten");
    await page.getByRole("button", { name: "Create order" }).click();
    await page.getByText("Please enter a number.").waitFor();
    expect(await page.getByLabel("Unit price").getAttribute("aria-invalid")).toBe("true");
  });

  it("points at what only the server can refuse", async () => {
    await page.goto(`/${tenant.slug}/orders/new`);
    await awake(page);
    await page.getByLabel("Item 1").fill("Thing");
    await page.getByLabel("Unit price").fill("1");
    await page.getByLabel("Shipping").fill("1.005");
    await page.getByRole("button", { name: "Create order" }).click();
    await page.getByText("EUR has 2 decimals.").first().waitFor();
  });

  it("moves, removes and reorders lines with the keyboard", async () => {
    await page.goto(`/${tenant.slug}/orders/new`);
    await awake(page);
    await page.getByLabel("Item 1").fill("First");
    await page.getByLabel("Quantity").focus();
    await page.keyboard.press("Enter");
    await eventually(() =>
      page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
    ).toBe("Item 2");
    await page.keyboard.type("Second");
    await page.getByLabel("Quantity of line 2").press("Alt+ArrowUp");
    await eventually(() => page.getByLabel("Item 1").inputValue()).toBe("Second");
    await page.getByRole("button", { name: "Remove line 1" }).click();
    await eventually(() => page.getByLabel("Item 1").inputValue()).toBe("First");
  });

  it("reads and writes German numbers for a German browser", async () => {
    const german = await (await visitor(browser, { locale: "de-DE" })).newPage();
    await signInAt(german, tenant.owner.email);
    await german.goto(`/${tenant.slug}/orders/new`);
    await awake(german);
    await german.getByLabel("Item 1").fill("Ding");
    await german.getByLabel("Unit price").fill("1.234,50");
    await german.getByRole("button", { name: "Create order" }).click();
    await german.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
    expect(await german.locator("dl").first().textContent()).toContain("1.234,50\u00a0€");
    await german.context().close();
  });
});

describe("without scripts", () => {
  it("signs up, sets up a company, searches, filters and signs out", async () => {
    const plain = await (await visitor(browser, { javaScriptEnabled: false })).newPage();
    const name = crypto.randomUUID().slice(0, 8);
    await plain.goto("/signup");
    await plain.getByLabel("Your name").fill("Ada");
    await plain.getByLabel("E-mail").fill(`${name}@people.test`);
    await plain.getByLabel("Password").fill("kontor-demo");
    await plain.getByRole("button", { name: "Create account" }).click();
    await plain.waitForURL(/\/welcome$/);
    await plain.getByLabel("Name").fill(`Company ${name}`);
    await plain.getByLabel("Address").fill("Not An Address");
    await plain.getByRole("button", { name: "Create" }).click();
    await plain.getByText("Lower-case letters").waitFor();
    await plain.getByLabel("Address").fill(`company-${name}`);
    await plain.getByRole("button", { name: "Create" }).click();
    await plain.waitForURL((url) => url.pathname === `/company-${name}`);
    await plain.goto(`/company-${name}/orders`);
    await plain.getByRole("searchbox").fill("nothing");
    await plain.getByRole("searchbox").press("Enter");
    await plain.waitForURL(/q=nothing/);
    await plain.getByText("No orders found").waitFor();
    await plain
      .context()
      .request.post("/signout", { headers: { origin: new URL(plain.url()).origin } });
    await plain.goto(`/company-${name}`);
    expect(new URL(plain.url()).pathname).toBe("/signin");
    await plain.context().close();
  });
});

describe("an invitation", () => {
  it("is made by an admin and accepted once, by the person it is for", async () => {
    await page.goto(`/${tenant.slug}/team`);
    await awake(page);
    const email = `${crypto.randomUUID()}@people.test`;
    await page.getByRole("button", { name: "Invite" }).click();
    await page.getByLabel("E-mail").fill(email);
    await page.getByRole("button", { name: "Send invitation" }).click();
    await page.getByText(`A mail with a link was sent to ${email}`).waitFor();
    const link = await page.getByRole("textbox", { name: "Link" }).inputValue();
    const guest = await (await visitor(browser)).newPage();
    await guest.goto(new URL(link).pathname);
    await guest.getByRole("link", { name: "Create an account" }).click();
    await guest.getByLabel("E-mail").fill(email);
    await guest.getByLabel("Password").fill("kontor-demo");
    await guest.getByRole("button", { name: "Create account" }).click();
    await guest.getByRole("button", { name: "Accept the invitation" }).click();
    await guest.waitForURL((url) => url.pathname === `/${tenant.slug}`);
    await guest.goto(new URL(link).pathname);
    await guest.getByText("This invitation was used already.").waitFor();
    expect(await guest.getByRole("button").count()).toBe(0);
    await guest.context().close();
  });
});
