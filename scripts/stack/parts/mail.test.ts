/** A mail from the sender to the page: caught, listed, shown without running anything of it. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { getRequestListener } from "@hono/node-server";
import { createTransport, type Transporter } from "nodemailer";
import type { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createSmtpServer } from "./mail_smtp.ts";
import { type MailStore, openMailStore } from "./mail_store.ts";
import { createMailWeb } from "./mail_web.ts";

const directory = mkdtempSync(path.join(tmpdir(), "kontor-mail-"));
let store: MailStore;
let smtp: SMTPServer;
let web: Server;
let origin: string;
let sender: Transporter;

const list = z.object({
  messages: z.array(
    z.object({
      id: z.string(),
      to: z.array(z.string()),
      subject: z.string(),
      date: z.iso.datetime(),
    }),
  ),
});

beforeAll(async () => {
  store = await openMailStore(directory);
  smtp = createSmtpServer(store, () => {});
  const smtpPort = await new Promise<number>((resolve) => {
    const server = smtp.listen(0, "127.0.0.1", () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
  sender = createTransport({ host: "127.0.0.1", port: smtpPort, secure: false });
  web = createServer();
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const { port } = web.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  web.on("request", getRequestListener(createMailWeb(store, port).fetch));
});

afterAll(async () => {
  sender.close();
  web.closeAllConnections();
  web.close();
  await new Promise<void>((resolve) => smtp.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(() => store.clear());

const messages = async (query = "") =>
  list.parse(await (await fetch(`${origin}/api/messages${query}`)).json()).messages;
const page = async (target: string) => await (await fetch(origin + target)).text();
const send = (mail: Parameters<Transporter["sendMail"]>[0]) =>
  sender.sendMail({ from: "Kontor <no-reply@kontor.test>", text: "hello", ...mail });

describe("a mail", () => {
  it("arrives with everybody it was for, newest first", async () => {
    await send({ to: "a@x.test", bcc: "hidden@x.test", subject: "Bestellung bestätigt 📦" });
    await send({ to: ["b@x.test", "c@x.test"], subject: "second" });
    const [second, first] = await messages();
    expect(second).toMatchObject({ subject: "second", to: ["b@x.test", "c@x.test"] });
    expect(first).toMatchObject({
      subject: "Bestellung bestätigt 📦",
      to: ["a@x.test", "hidden@x.test"],
    });
    expect(await messages("?to=HIDDEN@x")).toHaveLength(1);
    expect(await messages("?to=nobody")).toHaveLength(0);
    expect(await page("/?q=b@x.test")).toContain("second");
    expect(await page("/?q=b@x.test")).not.toContain("bestätigt");
    expect(readdirSync(directory).filter((name) => name.endsWith(".eml"))).toHaveLength(2);
  });

  it("keeps text, HTML, headers and files", async () => {
    await send({
      to: "a@x.test",
      subject: "with a file",
      text: "plain",
      html: "<p>rich</p>",
      headers: { "X-Order": "SO-000001" },
      attachments: [{ filename: "Rechnung Ä.pdf", content: Buffer.from("%PDF-1.7") }],
    });
    const [{ id } = { id: "" }] = await messages();
    const mail = await (await fetch(`${origin}/api/messages/${id}`)).json();
    expect(mail).toMatchObject({
      text: expect.stringContaining("plain"),
      html: expect.stringContaining("<p>rich</p>"),
      attachments: [{ filename: "Rechnung Ä.pdf", mime_type: "application/pdf", byte_size: 8 }],
    });
    expect(mail.headers).toContainEqual({ name: "X-Order", value: "SO-000001" });
    const file = await fetch(`${origin}/messages/${id}/attachments/0`);
    expect(file.headers.get("content-disposition")).toMatch(/^attachment;/);
    expect(file.headers.get("content-type")).toBe("application/octet-stream");
    expect(await file.text()).toBe("%PDF-1.7");
  });

  it("runs nothing and fetches nothing", async () => {
    const evil = '<script>alert(1)</script><img src="https://spy.test/p.gif" onerror="alert(2)">';
    await send({
      from: { name: evil, address: "e@x.test" },
      to: "a@x.test",
      subject: evil,
      html: evil,
      text: evil,
    });
    const [{ id } = { id: "" }] = await messages();
    const targets = ["/", `/?q=${encodeURIComponent(evil)}`, `/messages/${id}`];
    for (const target of [...targets, `/messages/${id}?view=text`, `/messages/${id}?view=source`]) {
      const response = await fetch(origin + target);
      expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
      expect(response.headers.get("content-security-policy")).not.toMatch(/script-src/);
      const text = await response.text();
      expect(text).not.toMatch(/<script|<img/);
    }
    const body = await fetch(`${origin}/messages/${id}/body`);
    const policy = body.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).toMatch(/sandbox allow-popups/);
    expect(policy).not.toMatch(/allow-scripts|allow-same-origin|script-src/);
    expect(await page(`/messages/${id}`)).toMatch(/<iframe [^>]*sandbox="allow-popups /);
  });

  it("shows its inline images, and links as links in text", async () => {
    await send({
      to: "a@x.test",
      subject: "logo",
      text: 'see https://kontor.test/a?b=1&c=2 or javascript:alert(1) "https://x.test/">',
      html: '<img src="cid:logo">',
      attachments: [{ cid: "logo", filename: "l.png", content: Buffer.from("png") }],
    });
    const [{ id } = { id: "" }] = await messages();
    expect(await page(`/messages/${id}/body`)).toContain('<img src="data:image/png;base64,cG5n">');
    const text = await page(`/messages/${id}?view=text`);
    expect(text).toContain('<a href="https://kontor.test/a?b=1&amp;c=2" target="_blank"');
    expect(text).not.toContain('href="javascript:');
  });
});

describe("the mailbox", () => {
  it("refuses what is too large, and goes on", async () => {
    const content = Buffer.alloc(26 * 1024 * 1024, "x");
    await expect(
      send({ to: "a@x.test", subject: "huge", attachments: [{ content }] }),
    ).rejects.toMatchObject({ responseCode: 552 });
    await send({ to: "a@x.test", subject: "small" });
    expect((await messages()).map(({ subject }) => subject)).toEqual(["small"]);
  });

  it("takes bounces and odd addresses", async () => {
    await send({
      envelope: { from: "", to: ["o'neil+tag=1@x.test"] },
      to: "undisclosed-recipients:;",
      subject: "bounce",
    });
    expect((await messages())[0]?.to).toEqual(["o'neil+tag=1@x.test"]);
  });

  it("is emptied by its page, but not by a foreign one", async () => {
    await send({ to: "a@x.test" });
    const form = {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    };
    const foreign = { ...form, headers: { ...form.headers, origin: "http://evil.test" } };
    expect((await fetch(`${origin}/delete`, foreign)).status).toBe(403);
    expect(await messages()).toHaveLength(1);
    const own = { ...form, headers: { ...form.headers, origin }, redirect: "manual" as const };
    expect((await fetch(`${origin}/delete`, own)).status).toBe(303);
    expect(await messages()).toHaveLength(0);
    expect(readdirSync(directory)).toEqual([]);
    expect((await fetch(`${origin}/api/messages`, { method: "DELETE" })).status).toBe(204);
  });

  it("answers only to its own name", async () => {
    const { port } = new URL(origin);
    const status = await new Promise((resolve) => {
      const options = { host: "127.0.0.1", port, headers: { host: `evil.test:${port}` } };
      httpRequest(options, (response) => resolve(response.resume().statusCode)).end();
    });
    expect(status).toBe(421);
  });

  it("knows its mails after a restart, and the newest thousand only", async () => {
    const to = ["a@x.test"];
    for (let number = 1; number <= 1003; number += 1) {
      const source = Buffer.from(`Subject: mail ${number}\r\n\r\nhello`);
      await store.add(source, { from: "s@x.test", to });
    }
    const reopened = await openMailStore(directory);
    const subjects = async (of: MailStore) => (await of.list()).map(({ subject }) => subject);
    expect(await subjects(reopened)).toHaveLength(1000);
    expect(new Set(await subjects(reopened))).toEqual(new Set(await subjects(store)));
    expect(await subjects(store)).toContain("mail 1003");
    expect(await subjects(store)).not.toContain("mail 3");
  });

  it("shows every message that is sent, in its languages, as mails are shown", async () => {
    const overview = await page("/dev/mail");
    const links = [...overview.matchAll(/href="(\/dev\/mail\/\w+\/\w\w)"/g)].map(([, url]) => url);
    expect(links).toHaveLength(20);
    for (const link of links) {
      expect(await page(link ?? "")).toContain('sandbox="allow-popups ');
      const body = await fetch(`${origin}${link}/body`);
      expect(body.headers.get("content-security-policy")).toMatch(/default-src 'none'.*sandbox/);
      expect(await body.text()).toMatch(/<h1 [^>]*>[^<]+<\/h1>/);
    }
    expect((await fetch(`${origin}/dev/mail/invitation/xx`)).status).toBe(404);
  });

  it("has no page for addresses that lead nowhere", async () => {
    for (const target of ["/messages/x", "/messages/..%2f..%2fsecrets", "/messages/x/body", "/x"]) {
      expect((await fetch(origin + target)).status).toBe(404);
    }
  });
});
