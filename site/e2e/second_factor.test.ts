/** The second step of signing in, in a portal whose auth server offers it; the stack's own does not. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { z } from "zod";
import { spawnFunctions } from "../../functions/_shared/spawn_functions.ts";
import { startTotpServer, totp } from "../../functions/account/totp_server.ts";
import { childEnv, ROOT, readEnv } from "../../scripts/env.ts";
import { freePublicPorts } from "../../scripts/stack/ports.ts";
import { buildSite } from "../../scripts/stack/site_build.ts";
import { newTenant, PASSWORD, type TestTenant } from "../../scripts/stack/testing.ts";
import { complaints, launch, NARROW, picture, signInAt, visitor } from "./browser.ts";

const undo: (() => unknown)[] = [];
let browser: Browser;
let tenant: TestTenant;
let origin: string;

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant()]);
  undo.push(() => browser.close());
  const folder = path.dirname(inject("stackFile"));
  const { jwtSecret } = z
    .object({ jwtSecret: z.string() })
    .parse(JSON.parse(readFileSync(path.join(folder, "secrets.json"), "utf8")));
  const { PORTAL_PORT: port = "" } = await freePublicPorts();
  origin = `http://127.0.0.1:${port}`;
  const auth = await startTotpServer();
  undo.push(() => auth.close());
  const functions = await spawnFunctions({
    SUPABASE_URL: auth.url,
    JWT_SECRET: jwtSecret,
    PORTAL_URL: origin,
  });
  undo.push(functions.stop);
  // That of the running stack, unless the sources have changed since.
  const build = buildSite(ROOT, folder, childEnv(readEnv()), () => {});
  const site = spawn(
    process.execPath,
    [path.join(ROOT, "site", "server", "main.ts"), await build.done],
    {
      cwd: ROOT,
      env: {
        PATH: readEnv().PATH,
        NODE_ENV: "production",
        PORT: port,
        PORTAL_URL: origin,
        FUNCTIONS_URL: new URL(functions.url).origin,
      },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  undo.push(() => site.kill("SIGKILL"));
  await vi.waitFor(async () => expect((await fetch(`${origin}/favicon.svg`)).status).toBe(200), {
    timeout: 60_000,
    interval: 200,
  });
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
