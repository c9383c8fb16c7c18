/** A list as a PDF: a table over as many pages as it takes, its header on each, totals at the end. */
import { renderPdf } from "../../functions/_shared/pdf.ts";
import { PermanentError } from "../errors.ts";
import type { Column } from "./columns.ts";
import type { Format } from "./format.ts";
import { type Html, html } from "./html.ts";
import type { Cell, Snapshot } from "./snapshot.ts";
import type { Wanted } from "./wanted.ts";

/** The renderer lays out the whole list at once; nobody reads a longer one on paper. */
const MOST_ROWS = 10_000;
/** Structure for screen readers makes a long list twenty times as large. */
const MOST_TAGGED = 1_000;
const RENDERED_WITHIN_MS = 120_000;

const wallClock = (local: string) => `to_char(${local}, 'YYYY-MM-DD HH24:MI')`;

export const pdf: Format = {
  contentType: "application/pdf",
  async write(snapshot, out, progress, { wanted, gotenbergUrl, signal }) {
    if (gotenbergUrl === undefined) throw new PermanentError("PDF rendering is not set up.");
    if (snapshot.total > MOST_ROWS) {
      throw new PermanentError(
        `A PDF holds ${MOST_ROWS.toLocaleString("en")} rows at most. Choose CSV, or filter the list.`,
      );
    }
    const table = new Table(snapshot, wanted.tenant.locale);
    for await (const batch of snapshot.rows(wallClock)) {
      signal.throwIfAborted();
      for (const cells of batch) table.add(cells);
      progress.done += batch.length;
    }
    const source = {
      html: page(wanted, snapshot, table).text,
      footer: footer(wanted).text,
      options: {
        generateTaggedPdf: snapshot.total <= MOST_TAGGED,
        landscape: snapshot.columns.length > 6,
        marginTop: 0.5,
        marginBottom: 0.6,
        marginLeft: 0.5,
        marginRight: 0.5,
      },
    };
    const limits = { withinMs: RENDERED_WITHIN_MS, signal };
    await out.write(await renderPdf(gotenbergUrl, source, limits));
  },
};

/** The rows as HTML, and the sums of their amounts, currency by currency. */
class Table {
  readonly rows: Html[] = [];
  /** In minor units, so that sums are exact; by currency, a sum for each column. */
  readonly #sums = new Map<string, number[]>();
  readonly #columns: readonly Column[];
  readonly #digits: ReadonlyMap<string, number>;
  readonly #locale: string;
  readonly #formats = new Map<string, Intl.NumberFormat>();

  constructor({ columns, digits }: Snapshot, locale: string) {
    this.#columns = columns;
    this.#digits = digits;
    this.#locale = locale;
  }

  add(cells: readonly Cell[]): void {
    const currency = String(cells[this.#columns.length] ?? "");
    const shown = this.#columns.map((column, place) => {
      const cell = cells[place] ?? null;
      if (isSummed(column) && typeof cell === "number") this.#add(currency, place, cell);
      return html`<td class="${column.kind}">${this.#show(column, cell, currency)}</td>`;
    });
    this.rows.push(html`<tr>${shown}</tr>`);
  }

  /** A row of sums for each currency. */
  totals(): Html[] {
    return [...this.#sums]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([currency, sums]) => {
        const cells = this.#columns.map((column, place) => {
          const sum = sums[place];
          const text = sum === undefined ? "" : this.#money(currency, sum / this.#unit(currency));
          return html`<td class="${column.kind}">${place === 0 ? `Total ${currency}` : text}</td>`;
        });
        return html`<tr>${cells}</tr>`;
      });
  }

  #add(currency: string, place: number, amount: number): void {
    const sums = this.#sums.get(currency) ?? [];
    sums[place] = (sums[place] ?? 0) + Math.round(amount * this.#unit(currency));
    this.#sums.set(currency, sums);
  }

  #unit(currency: string): number {
    return 10 ** (this.#digits.get(currency) ?? 2);
  }

  #show({ kind, name }: Column, cell: Cell, currency: string): string {
    if (cell === null) return "";
    if (kind === "amount" && name !== "unit_price") return this.#money(currency, Number(cell));
    if (kind === "amount" || (kind === "number" && name !== "version")) {
      return this.#format("", { maximumFractionDigits: 4 }).format(Number(cell));
    }
    if (kind === "yes_no") return cell ? "✓" : "–";
    return String(cell);
  }

  #money(currency: string, amount: number): string {
    const digits = this.#digits.get(currency) ?? 2;
    return this.#format(currency, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(amount);
  }

  #format(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
    const known = this.#formats.get(key) ?? new Intl.NumberFormat(this.#locale, options);
    this.#formats.set(key, known);
    return known;
  }
}

/** Prices of one piece add up to nothing. */
function isSummed({ kind, name }: Column): boolean {
  return kind === "amount" && name !== "unit_price";
}

function page(wanted: Wanted, { columns, total }: Snapshot, table: Table): Html {
  const { tenant, entity, rows } = wanted;
  const title = rows === "items" ? "Order items" : entity[0]?.toUpperCase() + entity.slice(1);
  const asked = Object.entries(wanted.query).map(([name, value]) => `${name}: ${value}`);
  const header = columns.map(
    ({ name, kind }) => html`<th class="${kind}">${name.replaceAll("_", " ")}</th>`,
  );
  // Fixed widths: a table that fits its columns to all its cells is laid out far more slowly.
  const whole = columns.reduce((sum, { width }) => sum + width, 0);
  const widths = columns.map(
    ({ width }) => html`<col style="width: ${((width / whole) * 100).toFixed(2)}%">`,
  );
  return html`<!doctype html>
<html lang="${tenant.locale}">
<head>
<meta charset="utf-8">
<title>${title} – ${tenant.name}</title>
<style>
  body { font: 8pt/1.35 "Noto Sans", "DejaVu Sans", sans-serif; margin: 0; color: #111; }
  h1 { font-size: 14pt; margin: 0 0 2pt; }
  p { margin: 0 0 8pt; color: #555; }
  table { width: 100%; border-collapse: collapse; table-layout: fixed; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  th { text-align: start; border-bottom: 1pt solid #111; padding: 2pt 4pt; font-weight: 600; }
  td { border-bottom: 0.25pt solid #bbb; padding: 2pt 4pt; vertical-align: top; overflow-wrap: anywhere; }
  .amount, .number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
  
  .totals td { border-top: 1pt solid #111; border-bottom: 0; font-weight: 600; }
</style>
</head>
<body>
<h1>${title}</h1>
<p>${tenant.name} · ${total.toLocaleString(tenant.locale)} · ${tenant.time_zone}${asked.map((one) => html` · ${one}`)}</p>
<table>
<colgroup>${widths}</colgroup>
<thead><tr>${header}</tr></thead>
<tbody>${table.rows}</tbody>
<tbody class="totals">${table.totals()}</tbody>
</table>
</body>
</html>`;
}

function footer({ tenant, file_name }: Wanted): Html {
  return html`<!doctype html>
<html><head><style>
  body { font: 7pt "Noto Sans", "DejaVu Sans", sans-serif; width: 100%; margin: 0 0.5in; color: #555;
    display: flex; justify-content: space-between; }
</style></head>
<body><span>${tenant.name} · ${file_name}</span>
<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></body></html>`;
}
