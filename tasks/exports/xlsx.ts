/** XLSX through exceljs's streaming writer: typed cells, rows leave memory as they are written. */
import { once } from "node:events";
import { Writable } from "node:stream";
import ExcelJS from "exceljs";
import { PermanentError } from "../errors.ts";
import type { Column } from "./columns.ts";
import type { Format, Out } from "./format.ts";
import type { Cell } from "./snapshot.ts";

/** A sheet has 1,048,576 rows; one is the header. */
const MOST_ROWS = 1_048_575;
/** More characters than this Excel calls a damaged file. */
const MOST_CHARACTERS = 32_767;
/** Excel's day 0 is 1899-12-30, Unix's 25,569 days later. */
const serial = (local: string) => `(extract(epoch from ${local}) / 86400 + 25569)::float8`;

export const xlsx: Format = {
  contentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  async write(snapshot, out, progress, { wanted, signal }) {
    if (snapshot.total > MOST_ROWS) {
      throw new PermanentError(
        `An Excel sheet holds ${MOST_ROWS.toLocaleString("en")} rows at most. Choose CSV, or filter the list.`,
      );
    }
    const { columns, digits } = snapshot;
    const stream = writableOf(out);
    const workbook = new ExcelJS.stream.xlsx.WorkbookWriter({
      stream,
      useStyles: true,
      useSharedStrings: false,
      zip: { zlib: { level: 3 } },
    });
    workbook.creator = wanted.tenant.name;
    const sheet = workbook.addWorksheet(wanted.rows === "items" ? "items" : wanted.entity, {
      views: [{ state: "frozen", ySplit: 1 }],
    });
    const usual = moneyFormat(wanted.tenant.currency, digits);
    sheet.columns = columns.map((column) => ({
      header: column.name,
      width: column.width,
      style: styleOf(column, usual),
    }));
    sheet.autoFilter = {
      from: { row: 1, column: 1 },
      to: { row: 1, column: Math.max(1, columns.length) },
    };
    const header = sheet.getRow(1);
    header.font = { bold: true };
    header.commit();

    const amounts = columns.flatMap(({ kind }, place) => (kind === "amount" ? [place + 1] : []));
    for await (const batch of snapshot.rows(serial)) {
      signal.throwIfAborted();
      for (const cells of batch) {
        const currency = cells.pop();
        const row = sheet.addRow(cells.map(clipped));
        if (typeof currency === "string" && currency !== wanted.tenant.currency) {
          const format = moneyFormat(currency, digits);
          for (const place of amounts) row.getCell(place).numFmt = format;
        }
        row.commit();
      }
      progress.done += batch.length;
      if (stream.writableNeedDrain)
        await Promise.race([once(stream, "drain"), once(stream, "close")]);
    }
    sheet.commit();
    await workbook.commit();
  },
};

function styleOf({ kind }: Column, money: string): Partial<ExcelJS.Style> {
  if (kind === "amount") return { numFmt: money };
  if (kind === "time") return { numFmt: "yyyy-mm-dd hh:mm" };
  if (kind === "number") return { numFmt: "General" };
  return kind === "text" || kind === "word" ? { numFmt: "@" } : {};
}

/** `1,234.50 EUR`, with as many decimals as the currency has. */
function moneyFormat(currency: string, digits: ReadonlyMap<string, number>): string {
  const decimals = digits.get(currency) ?? 2;
  return `#,##0${decimals > 0 ? `.${"0".repeat(decimals)}` : ""} "${currency}"`;
}

function clipped(cell: Cell): Cell {
  return typeof cell === "string" && cell.length > MOST_CHARACTERS
    ? cell.slice(0, MOST_CHARACTERS)
    : cell;
}

/** As a stream, which is what exceljs writes to. */
function writableOf(out: Out): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const waiting = out.write(chunk);
      if (waiting === undefined) done();
      else waiting.then(() => done(), done);
    },
  });
}
