import { describe, expect, test } from "vitest";
import { type Answer, stack } from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { signedIn } from "../_shared/contracts/auth.ts";
import { Browser, expiredToken, freshEmail, namedFields } from "./browser.ts";

const password = "a long enough passphrase";
const COOKIE = "kontor-session";

const refusal = ({ status, body }: Answer) => [status, problem.parse(body).code];

async function newcomer(name = "Ada Lovelace") {
  const browser = new Browser();
  const email = freshEmail();
  const signedUp = await browser.ask("/auth/signup", { body: { email, password, name } });
  expect(signedUp.status).toBe(201);
  const { user, session } = signedIn.parse(signedUp.body);
  return { browser, email, signedUp, user, session };
}

describe("signing up", () => {
  test("signs in, sets the cookie, and knows the person", async () => {
    const { browser, email, signedUp, user } = await newcomer("  Ada 🧮 Lovelace ");
    expect(signedUp.body).toEqual({
      user: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), email, name: "Ada 🧮 Lovelace" },
      session: {
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        refresh_token: expect.any(String),
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    });
    const cookie = signedUp.headers.getSetCookie().join();
    expect(cookie).toContain("HttpOnly; SameSite=Lax");
    expect(cookie).not.toContain("Secure"); // plain http on loopback
    const session = await browser.ask("/auth/session");
    expect(session.status).toBe(200);
    expect(session.body).toEqual({ user, tenants: [], operator: false });
  });

  test("without a name leaves it open", async () => {
    const email = freshEmail();
    const { status, body } = await new Browser().ask("/auth/signup", { body: { email, password } });
    expect([status, signedIn.parse(body).user.name]).toEqual([201, null]);
  });

  test("keeps the person's language, in which mails are written to them", async () => {
    const email = freshEmail();
    const body = { email, password, locale: "de-AT" };
    expect((await new Browser().ask("/auth/signup", { body })).status).toBe(201);
    expect((await new Browser().ask("/auth/recover", { body: { email } })).status).toBe(202);
    const found = await fetch(`${stack().mail_url}/api/messages?to=${email}`);
    expect(await found.json()).toMatchObject({
      messages: [{ subject: "Wählen Sie ein neues Passwort · Kontor" }],
    });
  });

  test("an address that is taken, in whatever letters, is a conflict", async () => {
    const { email } = await newcomer();
    const again = await new Browser().ask("/auth/signup", {
      body: { email: email.toUpperCase(), password },
    });
    expect(refusal(again)).toEqual([409, "conflict"]);
    expect(again.headers.getSetCookie()).toEqual([]);
  });

  test.each([
    [{ password }, ["email"]],
    [{ email: "nobody", password }, ["email"]],
    [{ email: "a@b.test\0", password }, ["email"]],
    [{ email: 7, password: ["x"] }, ["email", "password"]],
    [{ email: "ada@example.test", password: "" }, ["password"]],
    [{ email: "ada@example.test", password: "short" }, ["password"]],
    [{ email: "ada@example.test", password: "ü".repeat(37) }, ["password"]],
    [{ email: "ada@example.test", password, name: "x".repeat(201) }, ["name"]],
    [{ email: "ada@example.test", password, role: "service_role" }, ["role"]],
  ])("%j is refused, naming %j", async (body, paths) => {
    const refused = await new Browser().ask("/auth/signup", { body });
    expect(refusal(refused)).toEqual([422, "validation_failed"]);
    expect(new Set(namedFields(refused))).toEqual(new Set(paths));
  });
});

describe("signing in", () => {
  test("gives the session and the cookie", async () => {
    const { email, user } = await newcomer();
    const browser = new Browser();
    const answer = await browser.ask("/auth/signin", { body: { email, password } });
    expect(answer.status).toBe(200);
    const given = signedIn.parse(answer.body);
    expect(given.user).toEqual(user);
    expect(Date.parse(given.session.expires_at)).toBeGreaterThan(Date.now());
    expect(browser.cookies.has(COOKIE)).toBe(true);
    const bearer = await new Browser().ask("/auth/session", {
      headers: { authorization: `Bearer ${given.session.access_token}` },
    });
    expect(bearer.body).toEqual({ user, tenants: [], operator: false });
  });

  test("says the same of a wrong password and of an unknown address", async () => {
    const { email } = await newcomer();
    const wrong = await new Browser().ask("/auth/signin", { body: { email, password: "wrong" } });
    const unknown = await new Browser().ask("/auth/signin", {
      body: { email: freshEmail(), password },
    });
    for (const answer of [wrong, unknown]) {
      expect(refusal(answer)).toEqual([401, "invalid_credentials"]);
    }
    const words = ({ body }: Answer) => ({ ...problem.parse(body), request_id: "" });
    expect(words(wrong)).toEqual(words(unknown));
  });

  test.each(["/auth/signin", "/auth/signup", "/auth/signout"])(
    "%s from another site's page is refused, from no page it is not",
    async (path) => {
      const body = path === "/auth/signout" ? {} : { email: freshEmail(), password };
      const foreign = await new Browser().ask(path, { body, origin: "https://evil.example.com" });
      expect(refusal(foreign)).toEqual([403, "forbidden"]);
      const script = await new Browser().ask(path, { body, origin: null });
      expect([200, 201, 204, 401]).toContain(script.status);
    },
  );
});

describe("the session", () => {
  test("is 401 for nobody, forged tokens and the anonymous key", async () => {
    const nobody = await new Browser().ask("/auth/session");
    expect(refusal(nobody)).toEqual([401, "unauthenticated"]);
    for (const token of [expiredToken(), stack().anon_key, stack().service_role_key, "x"]) {
      const refused = await new Browser().ask("/auth/session", {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(refused.status).toBe(401);
    }
  });

  test("is renewed once when its access token has run out, however many ask at once", async () => {
    const { session } = await newcomer();
    const old = `1.${expiredToken()}.${session.refresh_token}`;
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => {
        const tab = new Browser();
        tab.cookies.set(COOKIE, old);
        return tab.ask("/auth/session").then((answer) => ({ answer, tab }));
      }),
    );
    for (const { answer } of answers) expect(answer.status).toBe(200);
    const renewed = new Set(answers.map(({ tab }) => tab.cookies.get(COOKIE)));
    expect(renewed.size).toBe(1);
    expect(renewed.has(old)).toBe(false);
    const next = new Browser();
    next.cookies.set(COOKIE, [...renewed][0] ?? "");
    expect((await next.ask("/auth/session")).status).toBe(200);
  });

  test("keeps a renewal's cookie with a refusal too", async () => {
    const { browser, session } = await newcomer();
    const old = `1.${expiredToken()}.${session.refresh_token}`;
    browser.cookies.set(COOKIE, old);
    const refused = await browser.ask("/members");
    expect(refusal(refused)).toEqual([400, "tenant_required"]);
    expect(browser.cookies.get(COOKIE)).not.toBe(old);
    expect((await browser.ask("/auth/session")).status).toBe(200);
  });

  test("that the auth server refuses is cleared", async () => {
    const browser = new Browser();
    browser.cookies.set(COOKIE, `1.${expiredToken()}.${crypto.randomUUID()}`);
    const refused = await browser.ask("/auth/session");
    expect(refused.status).toBe(401);
    expect(browser.cookies.has(COOKIE)).toBe(false);
  });

  test("writes only from the portal's pages", async () => {
    const { browser } = await newcomer();
    const tenant = () => ({
      name: "Origin & Sons",
      slug: `t-${crypto.randomUUID()}`.slice(0, 30).replace(/-$/, ""),
      currency: "EUR",
      time_zone: "Europe/Berlin",
    });
    const write = (origin: string | null, headers = {}) =>
      browser.ask("/tenants", { body: tenant(), origin, headers });
    for (const origin of ["https://evil.example.com", "null", stack().api_url]) {
      const foreign = await write(origin);
      expect(refusal(foreign)).toEqual([403, "forbidden"]);
    }
    expect((await write(null, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await write(stack().portal_url)).status).toBe(201);
    expect((await write(null, { "sec-fetch-site": "same-origin" })).status).toBe(201);
    const read = await browser.ask("/tenants", { origin: "https://evil.example.com" });
    expect(read.status).toBe(200); // without Access-Control-Allow-Credentials the page cannot see it
    expect(read.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

describe("signing out", () => {
  test("of somebody else's session takes their token, not a forged one", async () => {
    const { browser, session } = await newcomer();
    const [head, body] = session.access_token.split(".");
    const forged = await new Browser().ask("/auth/signout", {
      method: "POST",
      headers: { authorization: `Bearer ${head}.${body}.${"x".repeat(43)}` },
    });
    expect(forged.status).toBe(204); // whoever has no session is signed out
    expect((await browser.ask("/auth/session")).status).toBe(200);
  });

  test("ends the session at the auth server and in the browser", async () => {
    const { browser, session } = await newcomer();
    const cookie = browser.cookies.get(COOKIE) ?? "";
    const out = await browser.ask("/auth/signout", { method: "POST" });
    expect([out.status, out.body]).toEqual([204, ""]);
    expect(browser.cookies.size).toBe(0);
    expect((await browser.ask("/auth/session")).status).toBe(401);
    browser.cookies.set(COOKIE, cookie); // a copy of it, whose access token has not run out
    expect((await browser.ask("/auth/session")).status).toBe(401);
    browser.cookies.set(COOKIE, `1.${expiredToken()}.${session.refresh_token}`);
    expect((await browser.ask("/auth/session")).status).toBe(401);
  });

  test("works with an access token that has run out", async () => {
    const { browser, session } = await newcomer();
    const old = `1.${expiredToken()}.${session.refresh_token}`;
    browser.cookies.set(COOKIE, old);
    expect((await browser.ask("/auth/signout", { method: "POST" })).status).toBe(204);
    expect(browser.cookies.size).toBe(0);
  });

  test("works with a bearer token, and without any session", async () => {
    const { session } = await newcomer();
    const { access_token, refresh_token } = session;
    const script = new Browser();
    const out = await script.ask("/auth/signout", {
      method: "POST",
      origin: null,
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(out.status).toBe(204);
    const late = await new Browser().ask("/auth/session", {
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(late.status).toBe(401);
    script.cookies.set(COOKIE, `1.${expiredToken()}.${refresh_token}`);
    expect((await script.ask("/auth/session")).status).toBe(401);
    expect((await new Browser().ask("/auth/signout", { method: "POST" })).status).toBe(204);
  });
});
