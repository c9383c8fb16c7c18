/** CSV as RFC 4180 has it: Postgres writes the cells, here rows end in CRLF and go on in large pieces. */
import { finished } from "node:stream";
import type { Format } from "./format.ts";

const CR = 13;
const LF = 10;
const PIECE_BYTES = 256 * 1024;

export const csv: Format = {
  contentType: "text/csv; charset=utf-8",
  async write(snapshot, out, progress) {
    // Names of columns need no quotes.
    const header = `${snapshot.columns.map(({ name }) => name).join(",")}\r\n`;
    await out.write(Buffer.from(header));
    const rows = await snapshot.csv();
    let piece = Buffer.allocUnsafe(PIECE_BYTES);
    let used = 0;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: unknown) => {
        rows.destroy();
        reject(error);
      };
      const flush = () => {
        const waiting = out.write(piece.subarray(0, used));
        used = 0;
        if (waiting === undefined) return;
        rows.pause();
        waiting.then(() => rows.resume(), fail);
      };
      rows.on("data", (row: Buffer) => {
        if (used + row.length >= piece.length) {
          if (used > 0) flush();
          if (row.length >= piece.length) piece = Buffer.allocUnsafe(row.length + 1);
        }
        row.copy(piece, used);
        used += row.length + 1;
        piece[used - 2] = CR;
        piece[used - 1] = LF;
        progress.done += 1;
      });
      // A connection that is closed under it may end the stream with neither "error" nor "end".
      finished(rows, (error) => (error ? fail(error) : resolve()));
    });
    await out.write(piece.subarray(0, used));
  },
};
