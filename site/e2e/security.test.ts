/** What the portal tells browsers about its own safety, seen from a browser: over http, and over TLS. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnv } from "../../scripts/env.ts";
import { freePublicPorts } from "../../scripts/stack/ports.ts";
import { newTenant, portalUrl, type TestTenant } from "../../scripts/stack/testing.ts";
import { complaints, eventually, launch, signInAt, visitor } from "./browser.ts";
import { startOwnPortal } from "./own_portal.ts";

let browser: Browser;
let tenant: TestTenant;
beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant()]);
});
afterAll(() => browser?.close());

/** Every page's answer has these. */
const HEADERS: Record<string, RegExp> = {
  "content-security-policy":
    /default-src 'self'.*object-src 'none'.*base-uri 'none'.*form-action 'self'.*frame-ancestors 'none'/,
  "x-frame-options": /^DENY$/,
  "x-content-type-options": /^nosniff$/,
  "referrer-policy": /^same-origin$/,
  "permissions-policy": /camera=\(\).*microphone=\(\)/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cache-control": /no-store/,
  "x-request-id": /./,
};

async function expectHeaders(context: BrowserContext, addresses: readonly string[]) {
  const page = await context.newPage();
  for (const address of addresses) {
    const headers = (await page.goto(address))?.headers() ?? {};
    for (const [name, pattern] of Object.entries(HEADERS)) {
      expect([address, name, headers[name]]).toEqual([
        address,
        name,
        expect.stringMatching(pattern),
      ]);
    }
    const scripts = /script-src [^;]*/.exec(headers["content-security-policy"] ?? "")?.[0];
    expect([address, scripts]).toEqual([address, expect.not.stringMatching(/unsafe|\*|https?:/)]);
  }
  await page.close();
}

const sessionOf = async (context: BrowserContext) =>
  (await context.cookies()).filter(({ name }) => name.includes("kontor-session"));

describe("over http, on one's own machine", () => {
  it("every page says what may be done with it, and the session is out of scripts' reach", async () => {
    const context = await visitor(browser);
    await expectHeaders(context, ["/signin", "/docs/api", "/nowhere-at-all"]);
    const page = await context.newPage();
    await signInAt(page, tenant.owner.email);
    await expectHeaders(context, [`/${tenant.slug}`, `/${tenant.slug}/orders`, "/account"]);
    const [cookie, ...more] = await sessionOf(context);
    expect(more).toEqual([]);
    expect(cookie).toMatchObject({
      name: "kontor-session",
      httpOnly: true,
      sameSite: "Lax",
      path: "/",
    });
    expect(await page.evaluate(() => document.cookie)).not.toContain("kontor-session");
    await context.close();
  });

  it("a script that somebody put into a page does not run", async () => {
    const context = await visitor(browser);
    const page = await context.newPage();
    const complained = complaints(page);
    await page.goto("/signin");
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'taken'";
      document.body.append(script);
    });
    await eventually(() => complained.join("\n")).toMatch(/Content Security Policy/);
    expect(await page.title()).not.toBe("taken");
    await context.close();
  });

  it("no other site shows it in a frame", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto("data:text/html,<p>another site</p>");
    await page.setContent(`<iframe src="${portalUrl()}/signin"></iframe>`);
    await eventually(() => page.frames()[1]?.url()).toBe("chrome-error://chromewebdata/");
    await page.context().close();
  });
});

/** A certificate of our own for this machine; undefined without openssl. */
function certificate(): { key: Buffer; cert: Buffer } | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), "kontor-tls-"));
  try {
    const args =
      "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout key -out cert";
    const options = { cwd: folder, stdio: "ignore", env: { PATH: readEnv().PATH } } as const;
    execFileSync("openssl", args.split(" "), options);
    const read = (name: string) => readFileSync(path.join(folder, name));
    return { key: read("key"), cert: read("cert") };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const tls = certificate();

describe.skipIf(!tls)("over TLS, as in production", () => {
  const undo: (() => unknown)[] = [];
  let origin: string;

  beforeAll(async () => {
    const { PORTAL_PORT: port = "" } = await freePublicPorts();
    // The proxy in front: it ends TLS, and passes everything on.
    const proxy: Server = createServer({ ...tls }, (request, response) => {
      const { method, url, headers } = request;
      const passed = httpRequest(
        { host: "127.0.0.1", port, method, path: url, headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      passed.on("error", () => response.writeHead(502).end());
      request.pipe(passed);
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    undo.push(
      () => proxy.closeAllConnections(),
      () => proxy.close(),
    );
    const { port: tlsPort } = proxy.address() as AddressInfo;
    origin = `https://127.0.0.1:${tlsPort}`;

    undo.push(await startOwnPortal({ port, origin, site: { TRUSTED_PROXIES: "loopback" } }));
  });
  afterAll(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  it("the session's cookie is bound to this host, and never leaves in the clear", async () => {
    const context = await visitor(browser, { baseURL: origin, ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await signInAt(page, tenant.owner.email);
    const [cookie, ...more] = await sessionOf(context);
    expect(more).toEqual([]);
    expect(cookie).toMatchObject({
      name: "__Host-kontor-session",
      httpOnly: true,
      secure: true,
      sameSite: "Lax",
      path: "/",
      domain: "127.0.0.1",
    });
    const answer = await page.goto(`/${tenant.slug}/orders`);
    expect(answer?.status()).toBe(200);
    expect(answer?.headers()["strict-transport-security"]).toBe("max-age=31536000");
    for (const { name, secure, httpOnly } of await context.cookies()) {
      expect([name, secure, httpOnly]).toEqual([name, true, true]);
    }
    await context.close();
  });
});
