/** Files as people handle them on the pages of records, up to far larger ones than are usual. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshEnv, type SpawnedStack, spawnStack } from "../../scripts/stack/spawn_stack.ts";
import { useStack } from "../../scripts/stack/testing.ts";
import { page as pdfPage, photo } from "../../tasks/previews/samples.ts";
import { awake, complaints, eventually, launch, picture, signInAt, visitor } from "./browser.ts";

const MIB = 1024 ** 2;
const LARGE = 200 * MIB;
/** An empty zip file; what follows its end does not matter to its kind. */
const ZIP = Buffer.from([0x50, 0x4b, 5, 6, ...new Array(18).fill(0)]);

let stack: SpawnedStack;
let browser: Browser;
let page: Page;
let noted: string[];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "kontor-files-"));
  stack = spawnStack({ ...(await freshEnv()), MAX_UPLOAD_BYTES: String(LARGE) });
  await stack.ready();
  await useStack(stack.stackFile);
  browser = await launch();
  page = await (await visitor(browser)).newPage();
  noted = complaints(page);
  await signInAt(page, "member@acme.test");
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  rmSync(path.dirname(stack.dataDir), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the first record of a list. */
async function openFirst(list: "orders" | "customers" | "products"): Promise<void> {
  await page.goto(`/acme/${list}`);
  const first = page.locator("[data-row-link]:visible").first();
  await page.goto((await first.getAttribute("href")) ?? "");
  await awake(page);
}

const fileLink = (name: string) => page.getByRole("link", { name, exact: true });
const chosen = () => page.getByLabel("Upload files", { exact: true });

/** Drops files of these names and texts on the card, as from a folder of the person's computer. */
async function drop(files: { name: string; type: string; text: string }[]): Promise<void> {
  await page.evaluate((all) => {
    const card = document.querySelector("[aria-labelledby=files]");
    const dataTransfer = new DataTransfer();
    for (const { name, type, text } of all) {
      dataTransfer.items.add(new File([text], name, { type }));
    }
    for (const kind of ["dragover", "drop"]) {
      card?.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }, files);
}

/** What a link gives when it is followed: its name, its length, its SHA-256. */
async function downloaded(name: string) {
  const [download] = await Promise.all([page.waitForEvent("download"), fileLink(name).click()]);
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of await download.createReadStream()) {
    hash.update(chunk);
    length += chunk.length;
  }
  return { name: download.suggestedFilename(), length, sha256: hash.digest("hex") };
}

async function remove(name: string): Promise<void> {
  await page.getByRole("button", { name: `Delete ${name}`, exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await fileLink(name).waitFor({ state: "detached" });
}

describe("on an order's page", () => {
  beforeAll(() => openFirst("orders"));

  test("200 MB go there with their progress in sight, come back unchanged, and are deleted", async () => {
    const file = path.join(folder, "Archive.zip");
    writeFileSync(file, ZIP);
    truncateSync(file, LARGE);
    const expected = createHash("sha256")
      .update(ZIP)
      .update(Buffer.alloc(LARGE - ZIP.length));
    await chosen().setInputFiles(file);
    await page.getByRole("progressbar", { name: "Upload of Archive.zip" }).waitFor();
    await fileLink("Archive.zip").waitFor({ timeout: 120_000 });
    await page.getByText("209.7 MB").waitFor();
    expect(await downloaded("Archive.zip")).toEqual({
      name: "Archive.zip",
      length: LARGE,
      sha256: expected.digest("hex"),
    });
    await remove("Archive.zip");
  }, 240_000);

  test("a file of nothing comes back as nothing", async () => {
    await chosen().setInputFiles({
      name: "Empty.txt",
      mimeType: "text/plain",
      buffer: ZIP.subarray(0, 0),
    });
    await fileLink("Empty.txt").waitFor();
    expect(await downloaded("Empty.txt")).toMatchObject({ name: "Empty.txt", length: 0 });
    await remove("Empty.txt");
  });

  test("one byte too many is refused in words, before it is sent", async () => {
    const file = path.join(folder, "Larger.zip");
    writeFileSync(file, ZIP);
    truncateSync(file, LARGE + 1);
    await chosen().setInputFiles(file);
    await page.getByRole("alert").filter({ hasText: "larger than any that is taken" }).waitFor();
    await page.getByRole("button", { name: "Dismiss Larger.zip" }).click();
    await page.getByText("Larger.zip").waitFor({ state: "detached" });
    noted.length = 0; // the browser notes every refusal of the API
  });

  test("several are dropped at once, each arrives", async () => {
    const names = ["one.txt", "two.txt", "three.txt", "four.txt", "five.txt"];
    await drop(names.map((name) => ({ name, type: "text/plain", text: name })));
    for (const name of names) await fileLink(name).waitFor();
    expect(await downloaded("four.txt")).toMatchObject({ length: 8 });
    for (const name of names) await remove(name);
  });

  test("a zip that calls itself PDF is refused in words, and trying it again is not offered", async () => {
    const zip = { name: "Offer.pdf", mimeType: "application/pdf", buffer: ZIP };
    await chosen().setInputFiles(zip);
    const refusal = page
      .getByRole("alert")
      .filter({ hasText: "This is not a PDF file, though its name says so." });
    await refusal.waitFor();
    await picture(page, "refused-upload");
    expect(await page.getByRole("button", { name: "Try Offer.pdf again" }).count()).toBe(0);
    await page.getByRole("button", { name: "Dismiss Offer.pdf" }).click();
    noted.length = 0;
  });

  test.each([
    // The browser itself takes the first dots away.
    ["../../etc/passwd.txt", "_.._etc_passwd.txt"],
    ["Größe 🪑 – עברית.txt", "Größe 🪑 – עברית.txt"],
    ['say "hi"; filename=evil.html.txt', "say _hi_; filename=evil.html.txt"],
    ["<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"],
  ])("%s is shown as it is called and saved under a harmless name", async (name, saved) => {
    await drop([{ name, type: "text/plain", text: "x" }]);
    await fileLink(name).waitFor();
    expect((await downloaded(name)).name).toBe(saved);
    await remove(name);
    expect(noted).toEqual([]);
  });

  test("a name of two lines is refused in words", async () => {
    await drop([{ name: "a\r\nX-Evil: 1.txt", type: "text/plain", text: "x" }]);
    await page.getByRole("alert").filter({ hasText: "line breaks" }).waitFor();
    await page.getByRole("button", { name: /^Dismiss a/ }).click();
    noted.length = 0;
  });
});

describe.each(["customers", "products"] as const)("on a page of %s", (list) => {
  test("pictures and PDFs are seen before they are opened", async () => {
    await openFirst(list);
    const image = { name: "Shop.jpg", mimeType: "image/jpeg", buffer: await photo() };
    const pdf = { name: "Offer.pdf", mimeType: "application/pdf", buffer: pdfPage() };
    await chosen().setInputFiles([image, pdf]);
    for (const name of ["Shop.jpg", "Offer.pdf"]) {
      const preview = page.getByRole("img", { name: `Preview of ${name}` });
      await preview.waitFor();
      await eventually(() =>
        preview.evaluate((element) => element instanceof HTMLImageElement && element.naturalWidth),
      ).toBeGreaterThan(300);
    }
    await page.getByRole("button", { name: "Preview of Shop.jpg" }).click();
    await page.getByRole("dialog", { name: "Shop.jpg" }).waitFor();
    await picture(page, `preview-${list}`);
    await page.keyboard.press("Escape");
    for (const name of ["Shop.jpg", "Offer.pdf"]) await remove(name);
    expect(noted).toEqual([]);
  });
});
