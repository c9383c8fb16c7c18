/** An admin has another program told, loses it, finds it again: endpoints, deliveries, sending again. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { openReceiver, type Receiver, validSignatures } from "../../tasks/testing/receiver.ts";
import { awake, complaints, eventually, launch, signInAt, visitor } from "./browser.ts";

vi.setConfig({ testTimeout: 120_000 });

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let browser: Browser;
let page: Page;
let tenant: TestTenant;
let receiver: Receiver;
let noted: string[];

beforeAll(async () => {
  receiver = await openReceiver();
  tenant = await newTenant();
  browser = await launch();
  page = await (await visitor(browser)).newPage();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  noted = complaints(page);
  await signInAt(page, tenant.owner.email);
});
afterAll(async () => {
  await browser?.close();
  await receiver?.close();
});

async function accessible(): Promise<void> {
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
}

const customer = (name: string) =>
  api("/api/customers", { token: tenant.token, tenant: tenant.id, body: { name } });

let secret = "";

it("adds an endpoint, and is shown its secret once", async () => {
  await page.goto(`/${tenant.slug}`);
  await page.getByRole("link", { name: "Webhooks" }).click();
  await page.waitForURL(/\/webhooks$/);
  await awake(page);
  await accessible();
  await page.getByRole("button", { name: "Add an endpoint" }).click();
  await page.getByLabel("Address").fill("https://user:password@example.com/");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("An address must not hold a login.").waitFor();
  await page.getByText("At least one event.").waitFor();
  await accessible();
  await page.getByLabel("Address").fill(receiver.url);
  await page.getByRole("checkbox", { name: "Customers", exact: true }).check();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  secret = await page.getByLabel("Signing secret").inputValue();
  expect(secret).toMatch(/^whsec_/);
  await accessible();
  await page.getByRole("button", { name: "Copy secret" }).click();
  await eventually(() => page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await page.getByRole("button", { name: "Done" }).click();
  await page.reload();
  expect(await page.content()).not.toContain(secret.slice(6));
});

it("sends a test, and sees what was sent and what came back", async () => {
  await page.getByRole("link", { name: receiver.url }).click();
  await page.waitForURL(/\/webhooks\/[0-9a-f-]{36}$/);
  await awake(page);
  await page.getByRole("button", { name: "Send a test" }).click();
  const log = page.getByRole("list", { name: "Deliveries" });
  await log.getByText("Delivered").waitFor();
  await eventually(() => receiver.received.length).toBe(1);
  const [test] = receiver.received;
  expect(test && validSignatures(test, secret)).toEqual([true]);
  await log.getByRole("button", { expanded: false }).first().click();
  await log.getByText(`webhook-id: ${test?.id}`).waitFor();
  await log.getByText(/^204/).waitFor();
  await accessible();
});

it("sees a failure, and sends it again", async () => {
  receiver.answer((response) => response.writeHead(500).end("out of order"));
  await customer("Ada");
  const log = page.getByRole("list", { name: "Deliveries" });
  await log.getByText("It answered 500.").waitFor({ timeout: 30_000 });
  await log.getByText("Failed", { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByText("It does not take what it is sent.").waitFor();
  await accessible();
  receiver.answer((response) => response.writeHead(200).end());
  const before = receiver.received.length;
  await page.getByRole("button", { name: "Send failed again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
  await eventually(() => receiver.received.length).toBe(before + 1);
  await log.getByText("Failed", { exact: true }).waitFor({ state: "hidden" });
  await log.getByRole("button", { name: "Send again: customer.created" }).click();
  await eventually(() => receiver.received.length).toBe(before + 2);
});

it("rotates, pauses, changes and deletes it", async () => {
  const menu = async (item: string) => {
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await menu("Rotate the secret");
  await page.getByRole("button", { name: "Rotate", exact: true }).click();
  const rotated = await page.getByLabel("Signing secret").inputValue();
  expect(rotated).not.toBe(secret);
  await page.getByRole("button", { name: "Done" }).click();
  await customer("Bob");
  await eventually(() => receiver.received.at(-1)?.body.data.name).toBe("Bob");
  const last = receiver.received.at(-1);
  expect(last && validSignatures(last, rotated)).toEqual([true, false]);

  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("What happens meanwhile is not sent.").waitFor();
  await page.getByRole("button", { name: "Turn on" }).click();
  await menu("Change");
  await page.getByLabel("Description").fill("The shop");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The shop").waitFor();
  await menu("Delete");
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForURL(/\/webhooks$/);
  await page.getByText("No webhooks yet").waitFor();
});

it("copies a sample, and nobody but admins finds the page", async () => {
  await page.getByText("PHP", { exact: true }).click();
  await page.getByRole("button", { name: "Copy" }).click();
  await eventually(() => page.evaluate(() => navigator.clipboard.readText())).toContain("<?php");
  // What it refused itself, to be seen in the form.
  expect(noted.filter((text) => !text.includes("422"))).toEqual([]);
  const member = await tenant.join("member");
  const other = await (await visitor(browser)).newPage();
  await signInAt(other, member.email);
  const answer = await other.goto(`/${tenant.slug}/webhooks`);
  expect(answer?.status()).toBe(404);
  expect(await other.getByRole("link", { name: "Webhooks" }).count()).toBe(0);
});
