/** The look of every mail, as HTML and as text. Values go through hono/html, which escapes them. */
import { html } from "hono/html";
import type { Language } from "./formats.ts";
import type { Block, Content } from "./message.ts";

type Markup = ReturnType<typeof html>;

const FOOTER = {
  en: (tenant: string | null) =>
    tenant === null ? "Sent by Kontor." : `Sent by Kontor for ${tenant}.`,
  de: (tenant: string | null) =>
    tenant === null ? "Gesendet von Kontor." : `Gesendet von Kontor im Auftrag von ${tenant}.`,
} as const;

const INK = "color:#17202a";
const SOFT = "color:#5b6673";
const LINE = "border-bottom:1px solid #e3e6ea";
const END = "text-align:right;white-space:nowrap";

function actionHtml(label: string, url: string): Markup {
  return html`<p style="margin:0 0 12px"><a href="${url}" style="display:inline-block;padding:12px 22px;background:#1d4ed8;color:#ffffff;border-radius:8px;text-decoration:none;font-weight:600">${label}</a></p>
<p style="margin:0 0 24px;font-size:13px;line-height:1.5;${SOFT};word-break:break-all">${url}</p>`;
}

function factsHtml(rows: readonly (readonly [string, string])[]): Markup {
  return html`<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 24px;border-collapse:collapse">${rows.map(
    ([name, value]) =>
      html`<tr><td style="padding:3px 24px 3px 0;${SOFT};vertical-align:top">${name}</td><td style="padding:3px 0;${INK};overflow-wrap:anywhere">${value}</td></tr>`,
  )}</table>`;
}

function tableHtml({ columns, rows, totals }: Extract<Block, { kind: "table" }>): Markup {
  const last = columns.length - 1;
  const align = (index: number) => (index === 0 ? "text-align:left" : END);
  const padding = (index: number) =>
    index === last ? "padding:8px 0 8px 12px" : "padding:8px 12px 8px 0";
  return html`<table cellpadding="0" cellspacing="0" width="100%" style="margin:0 0 24px;border-collapse:collapse;font-size:14px">
<thead><tr>${columns.map(
    (title, index) =>
      html`<th style="${padding(index)};${align(index)};${LINE};${SOFT};font-weight:600">${title}</th>`,
  )}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${row.map(
        (cell, index) =>
          html`<td style="${padding(index)};${align(index)};${LINE};vertical-align:top;overflow-wrap:anywhere">${cell}</td>`,
      )}</tr>`,
  )}</tbody>
<tfoot>${totals.map(
    ([name, value], index) =>
      html`<tr><td colspan="${last}" style="padding:6px 12px 6px 0;text-align:right;${index === totals.length - 1 ? `font-weight:700;${INK}` : SOFT}">${name}</td><td style="padding:6px 0 6px 12px;${END};${index === totals.length - 1 ? "font-weight:700" : ""}">${value}</td></tr>`,
  )}</tfoot></table>`;
}

function codeHtml(label: string, code: string): Markup {
  return html`<p style="margin:0 0 6px;font-size:13px;${SOFT}">${label}:</p>
<p style="margin:0 0 24px;font-size:26px;font-weight:700;letter-spacing:4px">${code}</p>`;
}

function blockHtml(block: Block): Markup {
  switch (block.kind) {
    case "text":
      return html`<p dir="auto" style="margin:0 0 20px;line-height:1.55;white-space:pre-line;overflow-wrap:anywhere">${block.text}</p>`;
    case "note":
      return html`<p style="margin:0 0 12px;font-size:13px;line-height:1.5;${SOFT}">${block.text}</p>`;
    case "action":
      return actionHtml(block.label, block.url);
    case "code":
      return codeHtml(block.label, block.code);
    case "facts":
      return factsHtml(block.rows);
    case "table":
      return tableHtml(block);
  }
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
    case "note":
      return block.text;
    case "action":
      return `${block.label}:\n${block.url}`;
    case "code":
      return `${block.label}: ${block.code}`;
    case "facts":
      return block.rows.map(([name, value]) => `${name}: ${value}`).join("\n");
    case "table":
      return [
        ...block.rows.map((row) => `- ${row.join(" · ")}`),
        "",
        ...block.totals.map(([name, value]) => `${name}: ${value}`),
      ].join("\n");
  }
}

export type Rendered = { readonly subject: string; readonly text: string; readonly html: string };

/** Renders a mail. @param tenant the name that stands above and below it; null: Kontor's own. */
export async function render(
  { subject, title, blocks }: Content,
  { tenant, language }: { tenant: string | null; language: Language },
): Promise<Rendered> {
  const footer = FOOTER[language](tenant);
  const page = await html`<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light"><title>${subject}</title></head>
<body style="margin:0;padding:0;background:#f4f5f7">
<div style="padding:32px 16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;${INK}">
<div style="max-width:560px;margin:0 auto">
<p style="margin:0 0 16px;font-size:15px;font-weight:700;${INK}">${tenant ?? "Kontor"}</p>
<div style="padding:32px 32px 12px;background:#ffffff;border:1px solid #e3e6ea;border-radius:12px">
<h1 style="margin:0 0 20px;font-size:22px;line-height:1.3;overflow-wrap:anywhere">${title}</h1>
${blocks.map(blockHtml)}
</div>
<p style="margin:16px 0 0;font-size:12px;${SOFT}">${footer}</p>
</div></div>
</body></html>`;
  const text = [title, ...blocks.map(blockText), `-- \n${footer}`].join("\n\n");
  return { subject, text: `${text}\n`, html: String(page) };
}
