import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTotpServer, totp } from "../../functions/account/totp_server.ts";
import { freePublicPorts } from "../../scripts/stack/ports.ts";
import { newTenant, PASSWORD, type TestTenant } from "../../scripts/stack/testing.ts";
import { complaints, launch, NARROW, picture, signInAt, visitor } from "./browser.ts";
import { startOwnPortal } from "./own_portal.ts";

const undo: (() => unknown)[] = [];
let browser: Browser;
let tenant: TestTenant;
let origin: string;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant()]);
  undo.push(() => browser.close());
  const { PORTAL_PORT: port = "" } = await freePublicPorts();
  origin = `http://127.0.0.1:${port}`;
  const auth = await startTotpServer();
  undo.push(() => auth.close());
  undo.push(await startOwnPortal({ port, origin, functions: { SUPABASE_URL: auth.url } }));
});
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function barriers(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)]);
}

it("is set up with an app, asked for at the next sign-in, and turned off again", async () => {
  const { email } = tenant.owner;
  const context = await visitor(browser, { baseURL: origin });
  const page = await context.newPage();
  const noted = complaints(page);
  await signInAt(page, email);
  await page.goto("/account");
  await page.getByRole("button", { name: "Set it up" }).click();
  await page.getByRole("img", { name: "QR code" }).waitFor();
  expect(await barriers(page)).toEqual([]);
  await picture(page, "second-factor-begun");
  await page.setViewportSize(NARROW);
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "second-factor-begun-narrow-dark");
  expect(noted).toEqual([]);
  const secret = (await page.locator("code").textContent())?.replaceAll(" ", "") ?? "";

  await page.getByLabel("Code from the app").fill("000000");
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByText("This code is wrong or has run out.").waitFor();
  await page.getByLabel("Code from the app").fill(totp(secret));
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByText("From now on, signing in asks for a code as well.").waitFor();
  expect(await page.getByText("Authenticator app").count()).toBe(1);

  const phone = await (await visitor(browser, { baseURL: origin, viewport: NARROW })).newPage();
  await phone.goto("/signin?next=%2Faccount");
  await phone.getByLabel("E-mail").fill(email);
  await phone.getByLabel("Password").fill(PASSWORD);
  await phone.getByRole("button", { name: "Sign in" }).click();
  await phone.getByRole("heading", { name: "Enter the code" }).waitFor();
  expect(await phone.context().cookies()).toEqual([]);
  expect(await barriers(phone)).toEqual([]);
  expect(await phone.content()).not.toContain(PASSWORD);
  await picture(phone, "second-factor-code-narrow");
  await phone.getByLabel("Code from the app").fill("111111");
  await phone.getByRole("button", { name: "Sign in" }).click();
  await phone.getByText("This code is wrong or has run out.").waitFor();
  await phone.getByLabel("Code from the app").fill(totp(secret));
  await phone.getByRole("button", { name: "Sign in" }).click();
  await phone.waitForURL((url) => url.pathname === "/account");

  await phone.getByRole("button", { name: "Turn off" }).click();
  await phone.getByText("Signing in asks for no code any more.").waitFor();
  await phone.getByRole("button", { name: "Set it up" }).waitFor();
});
