import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { expect, test } from "vitest";
import { stack } from "../scripts/stack/testing.ts";
import { copyOut } from "./copy_out.ts";

/** More than a stream holds before it says that it is full, in rows that arrive with the end of it all. */
const ROWS = 4;
const ROW_BYTES = 30_000;

test("a connection whose rows were taken slowly answers again", async () => {
  const sql = postgres(stack().database_url, { max: 1, onnotice: () => {} });
  try {
    const rows = await copyOut(
      sql`copy (select repeat('x', ${sql.unsafe(String(ROW_BYTES))}) from generate_series(1, ${sql.unsafe(String(ROWS))})) to stdout`,
    );
    await sleep(500); // all has come, and nobody has taken any of it
    let bytes = 0;
    for await (const row of rows) bytes += row.length;
    expect(bytes).toBe(ROWS * (ROW_BYTES + 1));
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  } finally {
    await sql.end({ timeout: 1 });
  }
}, 20_000);
