/** The pages of the mailbox. Every value goes through hono/html, which escapes it. */
import { html } from "hono/html";
import type { MailSummary, StoredMail } from "./mail_store.ts";

export type View = "html" | "text" | "source";

const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const WEB_LINK = /(https?:\/\/[^\s<>"')\]]+)/;

/** The frame of every page here. */
export function page(title: string, bar: unknown, content: unknown) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="stylesheet" href="/style.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <header><div class="wrap">
      <a class="brand" href="/">Kontor <span>mailbox</span></a>
      ${bar}
    </div></header>
    <main class="wrap">${content}</main>
  </body>
</html>`;
}

const bytes = (size: number) =>
  size < 1024
    ? `${size} B`
    : size < 1048576
      ? `${Math.round(size / 1024)} KB`
      : `${(size / 1048576).toFixed(1)} MB`;

const senderOf = ({ from }: MailSummary) => from.name || from.address || "(no sender)";

const when = (date: string) => html`<time datetime="${date}">${WHEN.format(new Date(date))}</time>`;

function row(mail: MailSummary) {
  return html`<li><a href="/messages/${mail.id}">
    <span class="badge" aria-hidden="true">${senderOf(mail).slice(0, 1)}</span>
    <span>
      <span class="subject">${mail.subject || "(no subject)"}</span>
      <span class="line">${senderOf(mail)} to ${mail.to.join(", ")}</span>
      <span class="line">${mail.preview}</span>
    </span>
    ${when(mail.date)}
  </a></li>`;
}

/** The list, newest first. @param query what was searched for, or an empty text. */
export function listPage(mails: readonly MailSummary[], query: string) {
  const bar = html`
    <form action="/" role="search">
      <input type="search" name="q" value="${query}" placeholder="Recipient or subject" aria-label="Search by recipient or subject">
      <button>Search</button>
    </form>
    <form class="delete" action="/delete" method="post"><button class="danger">Delete all</button></form>`;
  const none = query
    ? html`<div class="card empty"><strong>Nothing found</strong>No mail matches “${query}”.</div>`
    : html`<div class="card empty"><strong>No mail yet</strong>Every mail Kontor sends on this machine appears here; none leaves it.</div>`;
  const list = html`
    <p class="count">${mails.length} ${mails.length === 1 ? "mail" : "mails"} · <a href="/${query ? `?q=${encodeURIComponent(query)}` : ""}">Refresh</a></p>
    <ul class="mails card">${mails.map(row)}</ul>`;
  return page("Kontor mailbox", bar, mails.length > 0 ? list : none);
}

function linked(text: string) {
  return text
    .split(WEB_LINK)
    .map((piece, index) =>
      index % 2 === 1
        ? html`<a href="${piece}" target="_blank" rel="noreferrer">${piece}</a>`
        : html`${piece}`,
    );
}

function bodyOf(mail: StoredMail, view: View, source: string) {
  if (view === "source") return html`<pre>${source}</pre>`;
  if (view === "text") return html`<pre>${linked(mail.email.text ?? "(no text)")}</pre>`;
  // No scripts, no same origin; links open in a tab of their own.
  return html`<iframe title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/messages/${mail.id}/body"></iframe>`;
}

/** One mail in one of its views. @param source the file's text, for the view `source`. */
export function mailPage(mail: StoredMail, view: View, source: string) {
  const views: View[] =
    mail.email.html === undefined ? ["text", "source"] : ["html", "text", "source"];
  const titles = { html: "Mail", text: "Text", source: "Source" } as const;
  const tab = (name: View) =>
    html`<a href="?view=${name}" ${name === view ? html`aria-current="page"` : ""}>${titles[name]}</a>`;
  const file = (attachment: StoredMail["email"]["attachments"][number], index: number) =>
    html`<a class="button" href="/messages/${mail.id}/attachments/${index}">${attachment.filename ?? `part ${index + 1}`} <span class="note">${bytes(sizeOf(attachment.content))}</span></a>`;
  const { attachments } = mail.email;
  const content = html`<article class="card">
    <div class="mail">
      <h1>${mail.subject || "(no subject)"}</h1>
      <dl>
        <dt>From</dt><dd>${mail.from.name ? `${mail.from.name} <${mail.from.address}>` : mail.from.address}</dd>
        <dt>To</dt><dd>${mail.to.join(", ")}</dd>
        <dt>At</dt><dd>${when(mail.date)} · ${bytes(mail.size)}</dd>
      </dl>
    </div>
    <nav class="tabs" aria-label="Views">${views.map(tab)}</nav>
    ${bodyOf(mail, view, source)}
    ${attachments.length > 0 ? html`<div class="files">${attachments.map(file)}</div>` : ""}
  </article>
  ${view === "html" ? html`<p class="note">Scripts and remote images are blocked.</p>` : ""}`;
  return page(mail.subject || "Mail", html`<a class="button" href="/">All mail</a>`, content);
}

/** In bytes. */
export function sizeOf(content: ArrayBuffer | Uint8Array | string): number {
  return typeof content === "string" ? Buffer.byteLength(content) : content.byteLength;
}

/** What is shown for an address that leads nowhere. */
export function missingPage() {
  const content = html`<div class="card empty"><strong>Not found</strong><a href="/">All mail</a></div>`;
  return page("Not found", "", content);
}
