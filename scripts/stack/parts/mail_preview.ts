/** /dev/mail: every message that Kontor sends, with sample data, in each of its languages. */
import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { AUTH_MAILS, renderAuthMail } from "../../../tasks/emails/auth_mails.ts";
import { formatsOf } from "../../../tasks/emails/formats.ts";
import { render } from "../../../tasks/emails/layout.ts";
import { messages } from "../../../tasks/emails/messages.ts";
import { missingPage, page } from "./mail_pages.ts";

const LOCALES = ["en", "de"] as const;
const TENANT = { name: "Acme Trading", time_zone: "Europe/Berlin" };

const AUTH_SAMPLE = {
  url: "https://kontor.example/auth/v1/verify?token=0123456789abcdef&type=signup",
  code: "482913",
  newEmail: "ada@example.com",
};
const NAMES: readonly string[] = [...messages.keys(), ...AUTH_MAILS];

async function rendered(name: string, asked: string) {
  const locale = LOCALES.find((known) => known === asked);
  if (!locale) return undefined;
  const authMail = AUTH_MAILS.find((known) => known === name);
  if (authMail) {
    const url = authMail === "reauthentication" ? null : AUTH_SAMPLE.url;
    return await renderAuthMail(authMail, locale, { ...AUTH_SAMPLE, url });
  }
  const message = messages.get(name);
  if (!message) return undefined;
  const formats = formatsOf({ locale, time_zone: TENANT.time_zone });
  return await render(message.preview(formats), {
    tenant: TENANT.name,
    language: formats.language,
  });
}

async function overview() {
  const rows = await Promise.all(
    NAMES.flatMap((name) =>
      LOCALES.map(async (locale) => ({ name, locale, mail: await rendered(name, locale) })),
    ),
  );
  return html`<p class="count">What Kontor sends, with made-up data</p>
    <ul class="mails card">${rows.map(
      ({ name, locale, mail }) => html`<li><a href="/dev/mail/${name}/${locale}">
        <span class="badge" aria-hidden="true">${locale}</span>
        <span><span class="subject">${mail?.subject ?? ""}</span><span class="line">${name}</span></span>
      </a></li>`,
    )}</ul>`;
}

/** Makes the pages. @param bodyPolicy the Content-Security-Policy under which a mail is shown. */
export function createMailPreview(bodyPolicy: string): Hono {
  const app = new Hono();
  const back = html`<a class="button" href="/dev/mail">All messages</a>`;
  const of = async (c: Context) =>
    await rendered(c.req.param("name") ?? "", c.req.param("locale") ?? "");
  app.get("/", async (c) =>
    c.html(
      page("Messages", html`<a class="button" href="/">Mailbox</a>`, html`${await overview()}`),
    ),
  );
  app.get("/:name/:locale", async (c) => {
    const mail = await of(c);
    if (!mail) return c.html(missingPage(), 404);
    const content = html`<article class="card">
      <div class="mail"><h1>${mail.subject}</h1></div>
      <iframe title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" src="${c.req.path}/body"></iframe>
      <pre>${mail.text}</pre>
    </article>`;
    return c.html(page(mail.subject, back, content));
  });
  app.get("/:name/:locale/body", async (c) => {
    const mail = await of(c);
    if (!mail) return c.notFound();
    c.header("content-security-policy", bodyPolicy);
    return c.html(`<base target="_blank">${mail.html}`);
  });
  return app;
}
