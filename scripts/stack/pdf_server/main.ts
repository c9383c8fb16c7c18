/**
 * The embedded stack's printer of documents: what Gotenberg 8 answers for HTML, over a real Chromium.
 * Options: `--port`, `--cache <folder>` for the unpacked Chromium.
 */
import { parseArgs } from "node:util";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { BrowserKeeper } from "./browser.ts";
import { findFault } from "./chromium.ts";
import { convert } from "./convert.ts";
import { FormError, readForm } from "./form.ts";
import { QueueFull, Turnstile } from "./turnstile.ts";

const BODY_LIMIT_BYTES = 20 * 1024 ** 2;
/** For a list of thousands of rows; who waits for less gives up sooner. Gotenberg: `--api-timeout`. */
const TIMEOUT_MS = 120_000;
const AT_ONCE = 2;
const MAY_WAIT = 16;
const IDLE_MS = 3 * 60_000;

const { values } = parseArgs({
  options: { port: { type: "string" }, cache: { type: "string" } },
});
if (!values.port || !values.cache) throw new Error("say --port and --cache");

const log = (text: string) => console.log(`${new Date().toISOString()} ${text}`);
const missing = await findFault();
if (missing) log(missing);
const keeper = new BrowserKeeper({ cacheDir: values.cache, idleMs: IDLE_MS, log });
const turnstile = new Turnstile(AT_ONCE, MAY_WAIT);

const app = new Hono();

app.get("/health", (c) => {
  const error = missing ?? keeper.fault;
  const status = error === undefined ? "up" : "down";
  return c.json(
    { status, details: { chromium: { status, ...(error === undefined ? {} : { error }) } } },
    error === undefined ? 200 : 503,
  );
});

app.get("/version", (c) => c.text("8 (embedded)"));

app.post(
  "/forms/chromium/convert/html",
  bodyLimit({
    maxSize: BODY_LIMIT_BYTES,
    onError: (c) => c.text("Request Entity Too Large", 413),
  }),
  async (c) => {
    if (missing) return c.text("Service Unavailable", 503);
    const began = performance.now();
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const form = await readForm(c.req.raw);
    const pdf = await turnstile.pass(
      () => keeper.use((browser) => convert(browser, form, signal)),
      signal,
    );
    log(`printed ${pdf.length} bytes in ${Math.round(performance.now() - began)} ms`);
    return c.body(new Uint8Array(pdf), 200, { "content-type": "application/pdf" });
  },
);

app.onError((error, c) => {
  if (error instanceof FormError) return c.text(error.message, error.status);
  log(`not printed: ${String(error)}`);
  if (error instanceof QueueFull) return c.text("Too Many Requests", 503);
  // Timed out, given up by who asked, or Chromium died in the middle: another try may do.
  return c.text("Service Unavailable", 503);
});

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(values.port) });

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    void keeper.stop().finally(() => process.exit(0));
  });
}
