/** A headless Chromium for the journeys, and how one signs in with it. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { childEnv, readEnv } from "../../scripts/env.ts";
import { chromiumProgram } from "../../scripts/stack/pdf_server/chromium.ts";
import { PASSWORD, portalUrl } from "../../scripts/stack/testing.ts";

const ARGS = [
  "--no-sandbox", // tests run as root too
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

const PICTURES = path.resolve(import.meta.dirname, "../../test-results");

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** The PDF part's own: the stack has unpacked it there. */
const PROGRAMS = path.resolve(import.meta.dirname, "../../node_modules/.cache/kontor-chromium");

/** Starts the Chromium that comes with the packages; where it does not run, an installed one. */
export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: await chromiumProgram(PROGRAMS),
    args: ARGS,
    // With its locale: without one, as in a bare login, Chromium saves files under ASCII names.
    env: childEnv(readEnv()),
  });
}

type ContextOptions = Parameters<Browser["newContext"]>[0];

/** A visitor of the portal, by default with a wide window and a British browser. */
export function visitor(browser: Browser, options: ContextOptions = {}): Promise<BrowserContext> {
  return browser.newContext({ baseURL: portalUrl(), viewport: WIDE, locale: "en-GB", ...options });
}

/** Signs in through the form, and waits for the page after it. */
export async function signInAt(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.goto("/signin");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/signin");
}

/** Waits until the islands of the page are awake: started, and then nothing left to do. */
export async function awake(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("astro-island[ssr]") === null);
  await page.evaluate(
    () => new Promise((done) => requestIdleCallback(() => requestIdleCallback(done))),
  );
}

/** Keeps a picture of the page under test-results/. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
}

/** Notes whatever the page complains about: exceptions, and what the content policy refused. */
export function complaints(page: Page): string[] {
  const noted: string[] = [];
  page.on("pageerror", (error) => noted.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") noted.push(`${message.text()} ${message.location().url}`);
  });
  return noted;
}

/** Expects of a value that changes what it will be before long, however busy the machine is. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });
