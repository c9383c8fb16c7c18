/**
 * The mails of the auth server, from asking to what their links do. The running stack confirms
 * addresses at once, so here is a server that asks for it, on the running stack's database.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { catchMail, type MailCatcher } from "../../../tasks/testing/mail_catcher.ts";
import { owner, PASSWORD, stack } from "../testing.ts";
import { type AuthApp, createAuthApp } from "./auth_app.ts";

let app: AuthApp;
let catcher: MailCatcher;

const secrets = z.object({
  jwtSecret: z.string(),
  databasePasswords: z.object({ supabase_auth_admin: z.string() }),
});

beforeAll(async () => {
  const file = path.join(path.dirname(inject("stackFile")), "secrets.json");
  const { jwtSecret, databasePasswords } = secrets.parse(JSON.parse(readFileSync(file, "utf8")));
  const database = new URL(stack().database_url);
  database.username = "supabase_auth_admin";
  database.password = databasePasswords.supabase_auth_admin;
  catcher = await catchMail();
  app = createAuthApp({
    databaseUrl: database.href,
    jwtSecret,
    siteUrl: stack().portal_url,
    publicUrl: stack().api_url,
    smtpUrl: catcher.url,
    confirmSignUps: true,
    log: () => {},
  });
});
afterAll(async () => {
  await app.close();
  await catcher.close();
});

const session = z.object({ access_token: z.string() });
const address = () => `${randomUUID()}@people.test`;

async function ask(method: string, target: string, body: unknown, token?: string) {
  const url = new URL(`/auth/v1/${target}`, stack().api_url);
  const headers = {
    "content-type": "application/json",
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  return await app.fetch(new Request(url, { method, headers, body: JSON.stringify(body) }));
}

const signUp = (email: string, data = {}) =>
  ask("POST", "signup", { email, password: PASSWORD, data });

async function signIn(email: string): Promise<string | number> {
  const response = await ask("POST", "token?grant_type=password", { email, password: PASSWORD });
  return response.ok ? session.parse(await response.json()).access_token : response.status;
}

/** The newest mail to somebody, with its link and its code. */
async function mailTo(email: string) {
  const caught = catcher.mails.findLast(({ to }) => to.includes(email));
  const { subject, text = "", html = "" } = await PostalMime.parse(caught?.source ?? "");
  return {
    subject,
    text,
    html,
    link: /https?:\S+/.exec(text)?.[0],
    code: /\b\d{6}\b/.exec(text)?.[0] ?? "",
  };
}

/** Opens a link; answers where it leads. */
async function open(link = ""): Promise<URL> {
  const response = await app.fetch(new Request(link, { redirect: "manual" }));
  return new URL(response.headers.get("location") ?? "nowhere:");
}

describe("signing up", () => {
  test("asks to confirm the address; the link of the mail does, once", async () => {
    const email = address();
    expect((await signUp(email)).status).toBe(200);
    expect(await signIn(email)).toBe(400);
    const { subject, html, link, code } = await mailTo(email);
    expect(subject).toBe("Confirm your address · Kontor");
    expect(html).toContain(code);
    expect(html).toContain(`href="${link?.replaceAll("&", "&amp;")}"`);
    const target = await open(link);
    expect(target.origin).toBe(stack().portal_url);
    expect(target.hash).toContain("access_token=");
    expect(await signIn(email)).toEqual(expect.any(String));
    expect((await open(link)).href).toContain("error");
  });

  test("so does the code", async () => {
    const email = address();
    await signUp(email);
    const { code } = await mailTo(email);
    expect((await ask("POST", "verify", { type: "signup", email, token: code })).status).toBe(200);
    expect(await signIn(email)).toEqual(expect.any(String));
  });

  test.each([
    ["de-AT", "Bestätigen Sie Ihre Adresse · Kontor", "Adresse bestätigen"],
    [{ de: 1 }, "Confirm your address · Kontor", "Confirm address"],
  ])("by somebody whose language is %j", async (locale, subject, action) => {
    const email = address();
    await signUp(email, { locale });
    const mail = await mailTo(email);
    expect(mail.subject).toBe(subject);
    expect(mail.text).toContain(action);
  });
});

test("a sign-in link signs in", async () => {
  const email = address();
  await signUp(email);
  await open((await mailTo(email)).link);
  expect((await ask("POST", "otp", { email, create_user: false })).status).toBe(200);
  const { subject, link } = await mailTo(email);
  expect(subject).toBe("Your sign-in link · Kontor");
  expect((await open(link)).hash).toContain("access_token=");
});

test("another address takes its own word, and not that of the old one", async () => {
  const [email, newEmail] = [address(), address()];
  await signUp(email, { locale: "de" });
  await open((await mailTo(email)).link);
  const before = await mailTo(email);
  const token = String(await signIn(email));
  expect((await ask("PUT", "user", { email: newEmail }, token)).status).toBe(200);
  const now = async () => {
    const [row] =
      await owner()`select email from auth.users where email in (${email}, ${newEmail})`;
    return row?.email;
  };
  expect(await mailTo(email)).toEqual(before);
  const { subject, text, link } = await mailTo(newEmail);
  expect(subject).toBe("Bestätigen Sie Ihre neue Adresse · Kontor");
  expect(text).toContain(`Neue Adresse: ${newEmail}`);
  expect(await now()).toBe(email);
  await open(link);
  expect(await now()).toBe(newEmail);
});

test("a new password, asked for where a code is taken, comes without a link", async () => {
  const email = address();
  await signUp(email);
  await open((await mailTo(email)).link);
  await ask("POST", "recover", { email });
  const { link, code, subject } = await mailTo(email);
  expect(subject).toBe("Choose a new password · Kontor");
  expect(link).toBeUndefined();
  const proof = { type: "recovery", email, token: code };
  expect((await ask("POST", "verify", proof)).status).toBe(200);
});
