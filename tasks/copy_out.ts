/** What COPY … TO STDOUT gives, as a stream after which its connection can be used again. */
import type { Readable } from "node:stream";
import type { PendingQuery, Row } from "postgres";

/**
 * Begins to read. The driver stops listening to its connection while what has come is not taken, and listens
 * again when more is asked for; after the last row nobody asks, and what is sent on that connection next would
 * never be answered. So it is asked once more at the end.
 */
export async function copyOut(query: PendingQuery<Row[]>): Promise<Readable> {
  const rows = await query.readable();
  rows.once("end", () => rows._read(0));
  return rows;
}
