/** The one Chromium: started when it is needed, stopped when it was not needed for a while. */
import type { Browser } from "playwright-core";
import { chromiumProgram } from "./chromium.ts";

const START_WITHIN_MS = 20_000;

const ARGS = [
  // As root, and where the system forbids user namespaces, Chromium has no sandbox to offer. What it
  // is given runs no script and reaches nothing.
  "--no-sandbox",
  "--no-zygote",
  "--disable-gpu",
  "--disable-webgl",
  "--font-render-hinting=none",
  // No name is looked up. With the proxy below, where nobody listens, no byte leaves the machine
  // even if something slipped past the interception of requests.
  "--host-resolver-rules=MAP * ~NOTFOUND",
  "--no-pings",
  "--disable-domain-reliability",
];

export type BrowserSettings = {
  readonly cacheDir: string;
  /** Stopped after so long without a page. */
  readonly idleMs: number;
  readonly log: (text: string) => void;
};

export class BrowserKeeper {
  readonly #settings: BrowserSettings;
  #running: Promise<Browser> | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;
  #fault: string | undefined;

  constructor(settings: BrowserSettings) {
    this.#settings = settings;
  }

  /** Why the last attempt to start it failed; undefined when it did not. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Lends the browser.
   * @throws Error when it does not start, and whatever `work` throws.
   */
  async use<T>(work: (browser: Browser) => Promise<T>): Promise<T> {
    this.#users += 1;
    clearTimeout(this.#idle);
    try {
      return await work(await this.#browser());
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        this.#idle = setTimeout(() => void this.stop(), this.#settings.idleMs);
        this.#idle.unref();
      }
    }
  }

  /** Stops it; the next use starts another. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    const browser = await running?.catch(() => undefined);
    await browser?.close();
  }

  #browser(): Promise<Browser> {
    this.#running ??= this.#start();
    return this.#running;
  }

  async #start(): Promise<Browser> {
    const began = performance.now();
    try {
      const executablePath = await chromiumProgram(this.#settings.cacheDir);
      // Loaded with the first document: an idle stack does without.
      const { chromium } = await import("playwright-core");
      const browser = await chromium.launch({
        executablePath,
        args: ARGS,
        proxy: { server: "http://127.0.0.1:1", bypass: "<-loopback>" },
        timeout: START_WITHIN_MS,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
      browser.once("disconnected", () => {
        // It died, or was stopped: the next document gets a new one.
        this.#running = undefined;
        this.#settings.log("chromium ended");
      });
      this.#fault = undefined;
      this.#settings.log(`chromium started in ${Math.round(performance.now() - began)} ms`);
      return browser;
    } catch (error) {
      this.#running = undefined;
      this.#fault = "Chromium does not start; see pdf.log";
      this.#settings.log(`chromium does not start: ${String(error)}`);
      throw error;
    }
  }
}
