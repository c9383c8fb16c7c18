/** An invitation: looked at before it is accepted, by strangers and by who is signed in. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createdInvitation } from "../../functions/_shared/contracts/tenancy.ts";
import {
  api,
  newTenant,
  owner,
  PASSWORD,
  signUp,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { launch, NARROW, picture, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let tenant: TestTenant;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant()]);
});
afterAll(async () => {
  await browser?.close();
});

async function invite(email: string): Promise<string> {
  const { body } = await api("/invitations", {
    token: tenant.token,
    body: { email, role: "member" },
  });
  return `/invitations/${createdInvitation.parse(body).token}`;
}

it("says who invites whom to what before there is an account, and leads through making one", async () => {
  const email = `${crypto.randomUUID()}@people.test`;
  const page = await (await visitor(browser, { viewport: NARROW })).newPage();
  await page.goto(await invite(email));
  const main = page.getByRole("main");
  const told = (await main.textContent())?.replace(/\s+/g, " ") ?? "";
  for (const text of [`Owner invites you to work with Test ${tenant.slug}`, "member", email])
    expect(told).toContain(text);
  await picture(page, "invitation-stranger-narrow");
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("button", { name: "Accept the invitation" }).click();
  await page.waitForURL((url) => url.pathname === `/${tenant.slug}`);
});

it("for another address says so, and lets one sign in with that", async () => {
  const [invited, other] = await Promise.all([signUp(), signUp()]);
  const path = await invite(invited.email);
  const page = await (await visitor(browser)).newPage();
  await signInAt(page, other.email);
  await page.goto(path);
  await page.getByText("the invitation is for another address").waitFor();
  expect(await page.getByRole("button", { name: /Accept/ }).count()).toBe(0);
  await picture(page, "invitation-other");
  await page.getByRole("button", { name: "Sign out and go on" }).click();
  await page.getByRole("link", { name: "I have one: sign in" }).click();
  await page.getByLabel("E-mail").fill(invited.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Accept the invitation" }).waitFor();
});

it("that is over or was never says so, and offers no button", async () => {
  const late = await signUp();
  const path = await invite(late.email);
  await owner()`
    update public.invitations set expires_at = now() - interval '1 minute' where email = ${late.email}`;
  const page = await (await visitor(browser)).newPage();
  await page.goto(path);
  await page.getByText("This invitation has expired. Ask Owner for a new one.").waitFor();
  const missing = await page.goto("/invitations/made-up");
  expect(missing?.status()).toBe(404);
  await page.getByText("does not exist, or was taken back").waitFor();
  expect(await page.getByRole("button").count()).toBe(0);
});
