/** The web side of the mail catcher: pages for people, JSON for tests. */
import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { listPage, mailPage, missingPage, sizeOf, type View } from "./mail_pages.ts";
import { createMailPreview } from "./mail_preview.ts";
import type { MailStore, MailSummary, StoredMail } from "./mail_store.ts";
import { STYLE } from "./mail_style.ts";

const PAGE_CSP =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** For the mail itself: nothing runs, nothing is fetched, and it is of no origin. */
const BODY_CSP =
  "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; " +
  "base-uri 'self'; form-action 'none'; frame-ancestors 'self'; " +
  "sandbox allow-popups allow-popups-to-escape-sandbox";

const contains = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());

function matches(mail: MailSummary, query: string, to: string): boolean {
  const found = query === "" || [...mail.to, mail.subject].some((text) => contains(text, query));
  return found && (to === "" || mail.to.some((address) => contains(address, to)));
}

function isView(text: string | undefined): text is View {
  return text === "html" || text === "text" || text === "source";
}

function toBuffer(content: ArrayBuffer | Uint8Array | string): Uint8Array<ArrayBuffer> {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return new Uint8Array(content);
}

/** The mail's HTML with its inline images in place; links open in a tab of their own. */
function bodyHtml({ email }: StoredMail): string {
  const images = new Map(
    email.attachments.flatMap(({ contentId, mimeType, content }) =>
      contentId && /^image\/[\w.+-]+$/.test(mimeType)
        ? [[contentId.replace(/^<|>$/g, ""), { mimeType, content }] as const]
        : [],
    ),
  );
  const inlined = (email.html ?? "").replace(/cid:([^"'\s>)]+)/g, (reference, id: string) => {
    const image = images.get(id);
    if (!image) return reference;
    return `data:${image.mimeType};base64,${Buffer.from(toBuffer(image.content)).toString("base64")}`;
  });
  return `<base target="_blank">${inlined}`;
}

function asJson({ email, ...summary }: StoredMail) {
  return {
    ...summary,
    text: email.text ?? null,
    html: email.html ?? null,
    headers: email.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    attachments: email.attachments.map(({ filename, mimeType, content }) => ({
      filename,
      mime_type: mimeType,
      byte_size: sizeOf(content),
    })),
  };
}

/** Makes the application. @param port where it is served, for the check of the Host. */
export function createMailWeb(store: MailStore, port: number): Hono {
  const app = new Hono();
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
  app.use(async (c, next) => {
    // A foreign page whose name resolves to this machine must not read people's mail.
    if (!hosts.has(c.req.header("host") ?? "")) return c.text("Misdirected request", 421);
    await next();
    const own = { "cache-control": "no-store", "referrer-policy": "no-referrer" };
    for (const [name, value] of Object.entries(own)) c.header(name, value);
    c.header("x-content-type-options", "nosniff");
    if (!c.res.headers.has("content-security-policy"))
      c.header("content-security-policy", PAGE_CSP);
  });
  app.get("/style.css", (c) => c.body(STYLE, 200, { "content-type": "text/css; charset=utf-8" }));

  app.route("/dev/mail", createMailPreview(BODY_CSP));
  app.get("/", async (c) => {
    const query = c.req.query("q") ?? "";
    const mails = (await store.list()).filter((mail) => matches(mail, query, ""));
    return c.html(listPage(mails, query));
  });
  app.post("/delete", csrf(), async (c) => {
    await store.clear();
    return c.redirect("/", 303);
  });
  app.get("/messages/:id", async (c) => {
    const mail = await store.get(c.req.param("id"));
    if (!mail) return c.html(missingPage(), 404);
    const asked = c.req.query("view");
    const view = isView(asked) ? asked : mail.email.html === undefined ? "text" : "html";
    const source = view === "source" ? await store.source(mail.id) : undefined;
    return c.html(mailPage(mail, view, source?.toString("utf8") ?? ""));
  });
  app.get("/messages/:id/body", async (c) => {
    const mail = await store.get(c.req.param("id"));
    if (!mail) return c.notFound();
    c.header("content-security-policy", BODY_CSP);
    return c.html(bodyHtml(mail));
  });
  app.get("/messages/:id/attachments/:index", async (c) => {
    const mail = await store.get(c.req.param("id"));
    const attachment = mail?.email.attachments[Number(c.req.param("index"))];
    if (!attachment) return c.notFound();
    const name = encodeURIComponent(attachment.filename ?? "attachment");
    return c.body(toBuffer(attachment.content), 200, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${name}`,
    });
  });

  app.get("/api/messages", async (c) => {
    const { q = "", to = "" } = c.req.query();
    return c.json({ messages: (await store.list()).filter((mail) => matches(mail, q, to)) });
  });
  app.get("/api/messages/:id", async (c) => {
    const mail = await store.get(c.req.param("id"));
    return mail ? c.json(asJson(mail)) : c.json({ code: "not_found" }, 404);
  });
  app.delete("/api/messages", async (c) => {
    await store.clear();
    return c.body(null, 204);
  });
  app.notFound((c) => c.html(missingPage(), 404));
  return app;
}
