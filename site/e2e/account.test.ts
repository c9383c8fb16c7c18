/** One's own account: who one is, and a new password by a code from a mail. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newTenant, signIn, stack, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, eventually, launch, NARROW, picture, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let tenant: TestTenant;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant({ currency: "EUR" })]);
});
afterAll(async () => {
  await browser?.close();
});

it("is reached from the account's menu, and its password changes by mail", async () => {
  const { email } = tenant.owner;
  const page = await (await visitor(browser)).newPage();
  await signInAt(page, email);
  await page.goto(`/${tenant.slug}/orders`);
  await awake(page);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("link", { name: "Your account" }).click();
  await page.getByRole("heading", { name: "Your account" }).waitFor();
  expect(await page.getByRole("main").textContent()).toContain(email);
  await picture(page, "account-wide");
  await page.setViewportSize(NARROW);
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "account-narrow-dark");

  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  const url = `${stack().mail_url}/api/messages`;
  const code = async () => {
    const found = (await (await fetch(`${url}?to=${email}`)).json()) as {
      messages: { id: string }[];
    };
    const [newest] = found.messages;
    const mail = newest ? await (await fetch(`${url}/${newest.id}`)).text() : "";
    return /code: (\d+)/i.exec(mail)?.[1] ?? "";
  };
  await eventually(code).not.toBe("");
  await page.getByLabel("Code from the mail").fill(await code());
  await page.getByLabel("New password").fill("quite another passphrase");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.waitForURL((at) => at.pathname === `/${tenant.slug}`);
  expect(await signIn(email, "quite another passphrase")).toBeTruthy();
});

it("says who one is to others, and in which language one is written to", async () => {
  const { email } = await tenant.join("member");
  const page = await (await visitor(browser)).newPage();
  await signInAt(page, email);
  await page.goto("/account");
  await page.getByLabel("Name").fill("Zoë Müller");
  await page.getByLabel("Language of mails to you").selectOption("de");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  expect(await page.getByLabel("Name").inputValue()).toBe("Zoë Müller");
  expect(await page.getByLabel("Language of mails to you").inputValue()).toBe("de");
  await page.goto(`/${tenant.slug}`);
  expect(await page.getByText("Zoë Müller").count()).toBeGreaterThan(0);
});

it("shows where one is signed in, and signs out there, with the keyboard alone and without scripts", async () => {
  const { email } = await tenant.join("viewer"); // signed in by signing up
  const elsewhere = await (await visitor(browser)).newPage();
  await signInAt(elsewhere, email);
  const page = await (await visitor(browser, { javaScriptEnabled: false })).newPage();
  await signInAt(page, email);
  await page.goto("/account");
  const rows = page.getByRole("list", { name: "Where you are signed in" }).getByRole("listitem");
  expect(await rows.count()).toBe(3);
  expect(await rows.first().textContent()).toContain("This one");
  await picture(page, "account-sessions");
  await rows.nth(1).getByRole("button").focus();
  await page.keyboard.press("Enter");
  await page.getByText("Signed out there.").waitFor();
  expect(await rows.count()).toBe(2);
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByText("Signed out everywhere else.", { exact: true }).waitFor();
  expect(await rows.count()).toBe(1);
  expect(await page.getByRole("button", { name: /Sign out/ }).count()).toBe(0);
  await elsewhere.goto("/account");
  expect(new URL(elsewhere.url()).pathname).toBe("/signin");
});

it("hides the second factor, which this auth server lacks", async () => {
  const page = await (await visitor(browser)).newPage();
  await signInAt(page, tenant.owner.email, "quite another passphrase");
  await page.goto("/account");
  await page.getByRole("heading", { name: "Where you are signed in" }).waitFor();
  expect(await page.getByText("Two-step sign-in").count()).toBe(0);
});

it("is nobody's without signing in", async () => {
  const page = await (await visitor(browser)).newPage();
  await page.goto("/account");
  expect(new URL(page.url()).pathname).toBe("/signin");
});
