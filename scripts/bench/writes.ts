/** Writing orders: gapless numbers among many writers, and tenants that do not wait for each other. */
import type { Sql } from "postgres";
import { z } from "zod";
import type { Client } from "./client.ts";
import { CONNECTIONS } from "./measure.ts";
import { holds, note, type Result } from "./report.ts";

const WRITERS = 50;
/** For the rate. */
const ORDERS = 300;

/** Ten items of different amounts. */
const ORDER = {
  notes: "bench",
  items: Array.from({ length: 10 }, (_, n) => ({
    name: `Item ${n + 1}`,
    quantity: n + 1.5,
    unit_price: 9.25 + n,
    discount_percent: n,
    tax_rate: 19,
  })),
};

const answer = z.object({ number: z.string(), items: z.array(z.unknown()).length(10) });

/** 50 at once in one tenant: numbers without a gap, from the first on. */
async function parallelWriters(client: Client): Promise<Result> {
  const answers = await Promise.all(
    Array.from({ length: WRITERS }, () => client.post("/orders", ORDER)),
  );
  const refused = answers.filter(({ status }) => status !== 201);
  const numbers = answers
    .filter(({ status }) => status === 201)
    .map(({ body }) => Number(/\d+$/.exec(answer.parse(body).number)?.[0]))
    .sort((a, b) => a - b);
  const gapless = numbers.every((number, at) => number === at + 1);
  const figure =
    refused.length > 0
      ? `${refused.length} refused (${refused[0]?.status})`
      : gapless
        ? `numbers 1 to ${numbers.length}`
        : "numbers with gaps";
  const right = refused.length === 0 && gapless && numbers.length === WRITERS;
  return holds(`${WRITERS} writers in one tenant, 10 items each`, figure, right);
}

/** How many a second, in one tenant, once the connections are warm. */
async function writeRate(client: Client): Promise<Result> {
  let left = ORDERS;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left > 0) {
        left -= 1;
        await client.post("/orders", ORDER);
      }
    }),
  );
  const rate = (ORDERS * 1000) / (performance.now() - began);
  return note(`orders of 10 items written by ${CONNECTIONS} writers`, `${rate.toFixed(0)}/s`);
}

/**
 * One tenant's next number is held by a transaction that does not end; a writer in that tenant has
 * to wait for it, and one in another tenant is answered meanwhile.
 */
async function separateTenants(
  owner: Sql,
  held: { id: string; client: Client },
  other: Client,
): Promise<Result> {
  let waiting: Promise<{ status: number }> | undefined;
  let finished = false;
  let meanwhile = 0;
  let waited = false;
  await owner.begin(async (tx) => {
    await tx`select private.take_number(${held.id}, 'order')`;
    waiting = held.client.post("/orders", ORDER).finally(() => {
      finished = true;
    });
    meanwhile = (await other.post("/orders", ORDER)).status;
    waited = !finished;
  });
  const afterwards = await waiting;
  const right = meanwhile === 201 && waited && afterwards?.status === 201;
  return holds("two tenants do not wait for each other", right ? "yes" : "no", right);
}

/** @param tenants two without orders; the clients write there. */
export async function benchWrites(
  owner: Sql,
  tenants: readonly [{ id: string; client: Client }, { id: string; client: Client }],
): Promise<Result[]> {
  const [one, two] = tenants;
  return [
    await parallelWriters(one.client),
    await separateTenants(owner, one, two.client),
    await writeRate(one.client),
  ];
}
