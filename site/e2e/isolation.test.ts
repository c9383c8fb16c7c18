/** What the portal shows to whom: roles, other tenants, strangers, other sites. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { api, newTenant, portalUrl, type TestTenant } from "../../scripts/stack/testing.ts";
import { awake, eventually, launch, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let ours: TestTenant;
let theirs: TestTenant;
let ourOrder: string;
let theirOrder: string;

async function orderIn({ token, id }: TestTenant): Promise<string> {
  const items = [{ name: "Thing", quantity: 1, unit_price: 10 }];
  const made = await api("/orders", { token, tenant: id, body: { items } });
  return z.object({ id: z.string() }).parse(made.body).id;
}

async function signedIn(email: string): Promise<Page> {
  const page = await (await visitor(browser)).newPage();
  await signInAt(page, email);
  return page;
}

beforeAll(async () => {
  [browser, ours, theirs] = await Promise.all([launch(), newTenant(), newTenant()]);
  [ourOrder, theirOrder] = await Promise.all([orderIn(ours), orderIn(theirs)]);
});
afterAll(async () => {
  await browser?.close();
});

describe("a viewer", () => {
  let page: Page;
  beforeAll(async () => {
    page = await signedIn((await ours.join("viewer")).email);
  });

  it.each(["orders", "customers", "products"])(
    "reads %s without any way to write",
    async (path) => {
      await page.goto(`/${ours.slug}/${path}`);
      await awake(page);
      expect(await page.getByText("You are a viewer here").count()).toBe(1);
      expect(await page.getByRole("button", { name: /New/ }).count()).toBe(0);
      expect(await page.getByRole("link", { name: /New/ }).count()).toBe(0);
      expect(await page.getByRole("checkbox", { name: /^Select/ }).count()).toBe(0);
    },
  );

  it("sees an order without its actions, and is sent back from its editor", async () => {
    await page.goto(`/${ours.slug}/orders/${ourOrder}/edit`);
    await awake(page);
    expect(new URL(page.url()).pathname).toBe(`/${ours.slug}/orders/${ourOrder}`);
    expect(await page.getByRole("button", { name: /processing/ }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Edit" }).count()).toBe(0);
    await page.getByRole("button", { name: "More actions" }).click();
    expect(await page.getByRole("menuitem").allInnerTexts()).toEqual(["Order confirmation (PDF)"]);
  });

  it("is refused when the page is gone around", async () => {
    const status = await page.evaluate(
      async ([id, tenant]) => {
        const headers = { "content-type": "application/json", "x-tenant-id": tenant ?? "" };
        const body = JSON.stringify({ status: "processing" });
        return (await fetch(`/api/orders/${id}`, { method: "PATCH", headers, body })).status;
      },
      [ourOrder, ours.id],
    );
    expect(status).toBe(403);
  });

  it.each(["team", "settings"])("has no %s", async (path) => {
    expect((await page.goto(`/${ours.slug}/${path}`))?.status()).toBe(404);
  });
});

describe("another tenant", () => {
  it("does not exist, nor do its orders under one's own address", async () => {
    const page = await signedIn(ours.owner.email);
    for (const path of [
      `/${theirs.slug}`,
      `/${theirs.slug}/orders`,
      `/${theirs.slug}/orders/${theirOrder}`,
      `/${ours.slug}/orders/${theirOrder}`,
      `/${ours.slug}/orders/${theirOrder}/edit`,
      `/${ours.slug}/orders/not-an-id`,
      `/${ours.slug}/customers/${theirOrder}`,
    ]) {
      const response = await page.goto(path);
      expect(response?.status(), path).toBe(404);
      expect(await page.getByRole("heading", { name: "Nothing here" }).count(), path).toBe(1);
    }
  });
});

describe("a stranger", () => {
  it("is asked to sign in, and then finds what they came for", async () => {
    const page = await (await visitor(browser)).newPage();
    await page.goto(`/${ours.slug}/orders?status=pending`);
    expect(new URL(page.url()).pathname).toBe("/signin");
    await page.getByLabel("E-mail").fill(ours.owner.email);
    await page.getByLabel("Password").fill("kontor-demo");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname === `/${ours.slug}/orders`);
    expect(new URL(page.url()).search).toBe("?status=pending");
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "/%09/evil.example",
    "javascript:alert(1)",
  ])("is not led to %s", async (next) => {
    const page = await (await visitor(browser)).newPage();
    await page.goto(`/signin?next=${encodeURIComponent(next)}`);
    await page.getByLabel("E-mail").fill(ours.owner.email);
    await page.getByLabel("Password").fill("kontor-demo");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname !== "/signin");
    expect(new URL(page.url()).origin).toBe(portalUrl());
    await page.context().close();
  });

  it("gets one answer for a wrong password and an unknown address", async () => {
    const page = await (await visitor(browser)).newPage();
    const texts = [];
    for (const email of [ours.owner.email, "nobody@example.test"]) {
      await page.goto("/signin");
      await page.getByLabel("E-mail").fill(email);
      await page.getByLabel("Password").fill("wrong-password");
      await page.getByRole("button", { name: "Sign in" }).click();
      texts.push(await page.getByRole("alert").textContent());
      expect(await page.getByLabel("E-mail").inputValue()).toBe(email);
      const password = page.getByLabel("Password", { exact: true });
      await eventually(() => password.evaluate((at) => at === document.activeElement)).toBe(true);
    }
    expect(texts[0]).toBe(texts[1]);
  });
});

describe("another site", () => {
  it.each(["/signin", "/signout", "/welcome"])("cannot send a form to %s", async (path) => {
    const response = await fetch(portalUrl() + path, {
      method: "POST",
      headers: {
        origin: "https://evil.example",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "email=a%40b.test&password=x",
    });
    expect(response.status).toBe(403);
  });

  it("cannot frame a page or run a script in it", async () => {
    const { headers } = await fetch(`${portalUrl()}/signin`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toMatch(/script-src 'self'/);
    expect(policy.match(/script-src [^;]*/)?.[0]).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("same-origin");
    expect(headers.get("cache-control")).toContain("no-store");
  });
});

describe("names", () => {
  it("are shown as text, whatever they contain", async () => {
    const name = `<img src=x onerror="document.title='taken'"> عميل "quoted" \u202e`;
    const { token, id } = ours;
    const made = await api("/customers", { token, tenant: id, body: { name } });
    const customer = z.object({ id: z.string() }).parse(made.body);
    const page = await signedIn(ours.owner.email);
    for (const path of ["customers", `customers/${customer.id}`]) {
      await page.goto(`/${ours.slug}/${path}`);
      await awake(page);
      expect(await page.getByText("<img src=x").count(), path).toBeGreaterThan(0);
      expect(await page.title()).not.toBe("taken");
      expect(await page.locator("main img").count()).toBe(0);
    }
  });
});
