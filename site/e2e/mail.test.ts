/** An order goes to its customer by mail, and the admin sees what became of it. */
import { randomUUID } from "node:crypto";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addCustomer, placeOrder } from "../../functions/_shared/testing.ts";
import { api, newTenant, owner, stack, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, eventually, launch, NARROW, picture, signInAt, visitor } from "./browser.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let browser: Browser;
let page: Page;
let tenant: TestTenant;
let orderId: string;
const address = `${randomUUID()}@customer.test`;

beforeAll(async () => {
  tenant = await newTenant();
  const customer = await addCustomer(tenant, "Müller & Söhne");
  await owner()`update public.customers set email = ${address} where id = ${customer.id}`;
  ({ id: orderId } = await placeOrder(tenant, { customer_id: customer.id }));
  browser = await launch();
  page = await (await visitor(browser)).newPage();
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

describe("an order", () => {
  it("is sent to its customer, with a note, from the order's page", async () => {
    await page.goto(`/${tenant.slug}/orders/${orderId}`);
    await awake(page);
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Send by mail…" }).click();
    const dialog = page.getByRole("dialog", { name: /^Send SO-/ });
    await eventually(() => dialog.getByLabel("To").inputValue()).toBe(address);
    expect(await violations()).toEqual([]);
    await picture(page, "send-order-wide");
    await dialog.getByLabel("To").fill("nobody");
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.getByText("An e-mail address, such as ada@example.com.").waitFor();
    await dialog.getByLabel("To").fill(address);
    await dialog.getByLabel("Note").fill("See you on Thursday.");
    await dialog.getByRole("button", { name: "Send" }).click();
    await page.getByText(`SO-000001 is on its way to ${address}`, { exact: true }).waitFor();
    const mails = async () => {
      const found = await fetch(`${stack().mail_url}/api/messages?to=${address}`);
      return JSON.stringify(await found.json());
    };
    await eventually(mails).toContain("SO-000001");
  });

  it.each([
    { colorScheme: "light", viewport: null },
    { colorScheme: "dark", viewport: NARROW },
  ] as const)("is among the mails sent: $colorScheme", async ({ colorScheme, viewport }) => {
    await page.emulateMedia({ colorScheme });
    if (viewport) await page.setViewportSize(viewport);
    await page.goto(`/${tenant.slug}/emails`);
    await awake(page);
    const list = page.getByRole("list", { name: "Mails" });
    await list.getByText("Sent", { exact: true }).waitFor();
    expect(await list.textContent()).toContain(address);
    expect(await list.textContent()).toContain("250");
    expect(await violations()).toEqual([]);
    await picture(page, `sent-mail-${colorScheme}`);
    await list.getByRole("link", { name: "Show the order" }).click();
    await page.waitForURL(`**/orders/${orderId}`);
  });

  it("is sent, and its mails are seen, by nobody who may not", async () => {
    const viewer = await tenant.join("viewer");
    const other = await (await visitor(browser)).newPage();
    await signInAt(other, viewer.email);
    expect((await other.goto(`/${tenant.slug}/emails`))?.status()).toBe(404);
    await other.goto(`/${tenant.slug}/orders/${orderId}`);
    await awake(other);
    await other.getByRole("button", { name: "More actions" }).click();
    await other.getByRole("menuitem", { name: "Order confirmation (PDF)" }).waitFor();
    expect(await other.getByRole("menuitem", { name: "Send by mail…" }).count()).toBe(0);
  });
});

describe("the mail that an export is ready", () => {
  let link: string;

  it("leads whoever asked for it to the file", async () => {
    const asked = await api("/orders/export", { ...tenant, body: { format: "csv" } });
    expect(asked.status).toBe(202);
    const { export: made } = asked.body as { export: { id: string; file_name: string } };
    const status = async () =>
      ((await api(`/exports/${made.id}`, tenant)).body as { status: string }).status;
    await eventually(status).toBe("succeeded");
    await owner()`
      select private.enqueue_email(${tenant.id}, 'export_ready', ${tenant.owner.email},
        ${owner().json({ export_id: made.id })}, ${tenant.owner.id})`;
    const url = `${stack().mail_url}/api/messages`;
    const first = async () => {
      const found = await fetch(`${url}?to=${tenant.owner.email}`);
      return ((await found.json()) as { messages: { id: string; subject: string }[] }).messages[0];
    };
    await eventually(async () => (await first())?.subject).toBe(`${made.file_name} is ready`);
    const mail = (await (await fetch(`${url}/${(await first())?.id}`)).json()) as { text: string };
    link = /https?:\S+/.exec(mail.text)?.[0] ?? "";
    await page.goto(link);
    await awake(page);
    await page.getByRole("link", { name: /^Download orders-/ }).waitFor();
  });

  it("is no key: others come no further than they may", async () => {
    const visit = async (email: string | null) => {
      const other = await (await visitor(browser)).newPage();
      if (email !== null) await signInAt(other, email);
      const status = (await other.goto(link))?.status();
      const { pathname } = new URL(other.url());
      await other.context().close();
      return [status, pathname];
    };
    const target = new URL(link).pathname;
    expect(await visit(null)).toEqual([200, "/signin"]);
    expect(await visit((await tenant.join("viewer")).email)).toEqual([404, target]);
    expect(await visit((await newTenant()).owner.email)).toEqual([404, target]);
  });
});
