/** What the hot queries cost while the orders become more. */
import postgres, { type Sql } from "postgres";
import { z } from "zod";
import type { BenchStack } from "./bench_stack.ts";
import { type Captured, capture } from "./capture.ts";
import { createClient } from "./client.ts";
import { type BenchTenant, generate } from "./generate.ts";
import { inRounds, queryTime } from "./measure.ts";
import { farPage, filtered, PLAIN } from "./reads.ts";

const ROUNDS = 5;
const QUERIES = 20;
const CREATED = 40;
const FAR_PAGE = 1_000;
/** So many share what each step adds; the largest has more than a quarter of it. */
const TENANTS_EACH = 20;

/** Milliseconds for each query by its name. */
export type Costs = {
  readonly orders: number;
  /** Those of the tenant that is asked about, the largest of this size. */
  readonly tenant: number;
  readonly loaded: number;
  readonly milliseconds: ReadonlyMap<string, number>;
  /** Of 8 kB, looked at by each query: no other load changes that. */
  readonly blocks: ReadonlyMap<string, number>;
};

/** Adds orders, in tenants of their own, until there are so many. */
async function load(
  stack: BenchStack,
  add: number,
  prefix: string,
  say: (text: string) => void,
): Promise<BenchTenant> {
  // Its temporary tables are the connection's.
  const owner = postgres(stack.databaseUrl("postgres"), { max: 1, onnotice: () => {} });
  try {
    const [largest] = await generate(owner, add, say, TENANTS_EACH, prefix);
    if (!largest) throw new Error("no tenant was made");
    return largest;
  } finally {
    await owner.end({ timeout: 5 });
  }
}

/**
 * Brings the database to `orders` orders, and takes what each query costs in the largest tenant that came
 * with them.
 * @param present how many there are.
 */
export async function costsAt(
  stack: BenchStack,
  { owner, admin, person }: { owner: Sql; admin: Sql; person: { id: string; token: string } },
  orders: number,
  present: number,
  say: (text: string) => void,
): Promise<Costs> {
  const began = performance.now();
  const largest = await load(stack, orders - present, `bench${orders}`, say);
  const loaded = (performance.now() - began) / 1000;
  await owner`
    insert into public.memberships (tenant_id, user_id, role) values (${largest.id}, ${person.id}, 'owner')`;
  const client = createClient(stack.direct ?? stack.gateway, person.token, largest.id);
  const take = (path: string) => capture(admin, stack.dataDir, client, path);
  const far = await farPage(client, Math.min(FAR_PAGE, Math.floor(largest.orders / 25 / 2)));
  const paths = await filtered(owner, largest.id);
  // The first answer counts; for a minute the next ones need not when there is much to count.
  const counted = await take(`${PLAIN}&placed_from=2000-01-01T00:00:00Z`);
  await client.get(PLAIN);
  const captured = new Map([
    ["page 1", await take(PLAIN)],
    ["page 1, with its count", counted],
    ["far page, by cursor", await take(far)],
  ]);
  for (const [name, path] of Object.entries(paths)) {
    await client.get(path);
    captured.set(name, await take(path));
  }
  const figures = await inRounds(
    ROUNDS,
    [...captured].map(([name, request]) => ({
      name,
      run: () => queryTime(owner, request, "caller", QUERIES),
    })),
  );
  // The best round: whatever else the machine does makes it only slower.
  const milliseconds = new Map([...figures].map(([name, taken]) => [name, Math.min(...taken)]));
  const blocks = new Map<string, number>();
  for (const [name, request] of captured) blocks.set(name, await blocksOf(owner, request));
  milliseconds.set("an order of 10 items, created (HTTP)", await createTime(client));
  return { orders, tenant: largest.orders, loaded, milliseconds, blocks };
}

const plan = z.tuple([
  z.object({
    Plan: z.object({ "Shared Hit Blocks": z.number(), "Shared Read Blocks": z.number() }),
  }),
]);

/** How many blocks a captured request's query looks at, under row-level security. */
async function blocksOf(owner: Sql, { opening, query }: Captured): Promise<number> {
  for (const { text, parameters } of opening) await owner.unsafe(text, [...parameters]);
  try {
    const [row] = await owner.unsafe(`explain (analyze, buffers, format json) ${query.text}`, [
      ...query.parameters,
    ]);
    const [{ Plan: root }] = plan.parse(row?.["QUERY PLAN"]);
    return root["Shared Hit Blocks"] + root["Shared Read Blocks"];
  } finally {
    await owner.unsafe("rollback");
  }
}

async function createTime(client: ReturnType<typeof createClient>): Promise<number> {
  const items = Array.from({ length: 10 }, (_, n) => ({
    name: `Item ${n + 1}`,
    quantity: n + 1.5,
    unit_price: 9.25 + n,
    tax_rate: 19,
  }));
  const taken: number[] = [];
  for (let time = 0; time < CREATED; time += 1) {
    const began = performance.now();
    const { status } = await client.post("/orders", { notes: "bench", items });
    if (status !== 201) throw new Error(`an order was refused: ${status}`);
    taken.push(performance.now() - began);
  }
  return Math.min(...taken);
}
