import type { SqlResult } from "../../../../functions/_shared/contracts/analysts.ts";

type Value = SqlResult["rows"][number][number];

/** A value as a cell or a column of the page shows it; nothing for null. */
export function textOf(value: Value): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A result as CSV (RFC 4180); cells that a spreadsheet would run as a formula are made safe. */
export async function toCsv({ columns, rows }: SqlResult): Promise<string> {
  const { stringify } = await import("csv-stringify/browser/esm/sync");
  const cells = rows.map((row) =>
    row.map((value) => {
      if (typeof value === "number") return value;
      const text = textOf(value);
      return text.startsWith("\n") ? `'${text}` : text;
    }),
  );
  return stringify([columns.map(({ name }) => name), ...cells], {
    record_delimiter: "\r\n",
    escape_formulas: true,
    // It looks for the whole delimiter alone.
    quoted_match: /[\r\n]/,
  });
}

/** Hands a text to the browser as a file. */
export function saveFile(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
