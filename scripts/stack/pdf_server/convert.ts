/**
 * Prints one form in a page of its own. The page lives at an address that does not exist, and every
 * request it makes is answered from the form's files or not at all: there is no file system and no
 * network behind it.
 */
import type { Browser, Route } from "playwright-core";
import type { Asset, Conversion } from "./form.ts";

const ORIGIN = "http://document.invalid";

/** A second wall inside the page. */
const POLICY =
  "default-src 'self' data:; style-src 'self' data: 'unsafe-inline'; script-src 'none'";

async function answer(route: Route, files: ReadonlyMap<string, Asset>): Promise<void> {
  const request = route.request();
  const url = new URL(request.url());
  const file = url.origin === ORIGIN ? files.get(nameOf(url)) : undefined;
  if (file === undefined) {
    // "No content" leaves a page where it is; a failure would put an error in its place.
    if (request.isNavigationRequest()) return await route.fulfill({ status: 204 });
    return await route.abort("blockedbyclient");
  }
  await route.fulfill({
    body: file.body,
    contentType: file.contentType,
    headers: { "content-security-policy": POLICY },
  });
}

function nameOf(url: URL): string {
  try {
    return decodeURIComponent(url.pathname.slice(1));
  } catch {
    return "";
  }
}

/**
 * @returns the PDF.
 * @throws the signal's reason once it is aborted, and what Chromium says when it cannot print.
 */
export async function convert(
  browser: Browser,
  { fields, header, footer, files }: Conversion,
  signal: AbortSignal,
): Promise<Buffer> {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    serviceWorkers: "block",
    acceptDownloads: false,
    locale: "en-US",
    timezoneId: "UTC",
  });
  // Whatever waits in the page ends with it.
  const giveUp = () => void context.close();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    signal.throwIfAborted();
    await context.route("**/*", (route) => answer(route, files));
    const page = await context.newPage();
    await page.goto(`${ORIGIN}/index.html`, { waitUntil: "load", timeout: 0 });
    if (fields.waitDelay > 0) await page.waitForTimeout(fields.waitDelay * 1000);
    return await page.pdf({
      width: `${fields.paperWidth}in`,
      height: `${fields.paperHeight}in`,
      margin: {
        top: `${fields.marginTop}in`,
        right: `${fields.marginRight}in`,
        bottom: `${fields.marginBottom}in`,
        left: `${fields.marginLeft}in`,
      },
      landscape: fields.landscape,
      printBackground: fields.printBackground,
      preferCSSPageSize: fields.preferCssPageSize,
      tagged: fields.generateTaggedPdf,
      scale: fields.scale,
      pageRanges: fields.nativePageRanges,
      displayHeaderFooter: header !== undefined || footer !== undefined,
      // Playwright prints a default one for an empty text.
      headerTemplate: header || "<span></span>",
      footerTemplate: footer || "<span></span>",
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
    await context.close();
  }
}
