/** What the patch of the driver holds to. Without it, each of these ends the process or never ends. */
import { setTimeout as sleep } from "node:timers/promises";
import postgres, { type ISql, type Sql } from "postgres";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { owner, stack } from "../stack/testing.ts";

let sql: Sql;

beforeEach(() => {
  sql = postgres(stack().database_url, { max: 1, onnotice: () => {} });
});
afterEach(() => sql.end({ timeout: 1 }));

const backendOf = async (on: ISql): Promise<number> => {
  const [row] = await on<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
};
/** What became of a statement. */
const told = [() => "answered", (error: { code?: string }) => error.code ?? String(error)] as const;
const kill = (pid: number) => owner()`select pg_terminate_backend(${pid})`;

test("a transaction whose connection is closed fails, and the next one runs", async () => {
  const broken = sql.begin(async (tx) => {
    await kill(await backendOf(tx));
    await sleep(100);
    await tx`select 1`;
  });
  await expect(broken).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  expect(await sql.begin((tx) => tx`select 1 as one`)).toEqual([{ one: 1 }]);
});

test("a transaction that fails when its connection is closed already fails like that, too", async () => {
  const broken = sql.begin(async (tx) => {
    await kill(await backendOf(tx));
    await sleep(100);
    throw new Error("its own");
  });
  await expect(broken).rejects.toMatchObject({
    code: expect.stringMatching(/CONNECTION_(CLOSED|DESTROYED)/),
  });
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test("whatever is sent around the moment a connection is closed is answered, or fails", async () => {
  for (let round = 0; round < 5; round++) {
    // It may find the connection that is on its way out.
    const pid = await vi.waitFor(() => backendOf(sql));
    const first = sql`select pg_sleep(60)`.then(...told);
    await sleep(20);
    await kill(pid);
    const next = await Promise.all([1, 2, 3].map((n) => sql`select ${n}::int`.then(...told)));
    for (const end of [await first, ...next]) expect(end).toMatch(/answered|57P01|CONN/);
  }
});

test("a connection whose rows of a COPY were taken slowly answers again", async () => {
  // More than a stream holds before it says that it is full, in rows that arrive with the end of it all.
  const rows = await sql`
    copy (select repeat('x', 30000) from generate_series(1, 4)) to stdout`.readable();
  await sleep(300);
  let bytes = 0;
  for await (const row of rows) bytes += row.length;
  expect(bytes).toBe(4 * 30_001);
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});
