/**
 * `npm run bench:analytics`: what row-level security costs an analyst who adds up all of a tenant's orders.
 * `--data <folder>` keeps the stack's data for the next run, `--json <file>` writes the results.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import postgres, { type Sql } from "postgres";
import { z } from "zod";
import { main } from "../db/main.ts";
import { readEnv } from "../env.ts";
import { startBenchStack } from "./bench_stack.ts";
import { type BenchTenant, generate } from "./generate.ts";
import { inRounds, median } from "./measure.ts";
import { atMost, holds, note, table } from "./report.ts";

const ROUNDS = 9;
const LIMIT = 1.5;
const QUERY = "select * from analytics.revenue_by_month order by month, currency";

const { values } = parseArgs({
  options: { data: { type: "string" }, json: { type: "string" } },
});
const { BENCH_ORDERS: orders } = readEnv();

/** Milliseconds until the last row is here. */
const timed = (sql: Sql) => async () => {
  const began = performance.now();
  await sql.unsafe(QUERY);
  return performance.now() - began;
};

const login = z.object({ connection_string: z.string() });

await main(async () => {
  console.log(`bench: ${orders} orders of one tenant`);
  await using stack = await startBenchStack(values.data);
  const owner = postgres(stack.databaseUrl("postgres"), { max: 1, onnotice: () => {} });
  // One tenant has nearly all of them: the owner, who sees everybody's, adds up the same orders.
  const seeded = () => owner<BenchTenant[]>`
    select t.id, s.last::int as orders from public.tenants t
    join private.number_series s on s.tenant_id = t.id where t.slug like 'bench-%'`;
  let [tenant] = await seeded();
  if (!tenant) {
    [tenant] = await generate(owner, orders, (text) => console.log(`  ${text}`), 1);
  }
  if (!tenant) throw new Error("no tenant was made");
  const person = await stack.signUp(`bench-${Date.now()}@bench.test`);
  await owner`
    insert into public.memberships (tenant_id, user_id, role) values (${tenant.id}, ${person.id}, 'owner')`;
  const made = await fetch(`${stack.gateway}/analysts`, {
    method: "POST",
    headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json" },
    body: JSON.stringify({ label: "The bench" }),
  });
  const { connection_string } = login.parse(await made.json());
  const analyst = postgres(connection_string, { max: 1, onnotice: () => {} });
  try {
    const [mine, all] = [await analyst.unsafe(QUERY), await owner.unsafe(QUERY)];
    const figures = await inRounds(ROUNDS, [
      { name: "analyst", run: timed(analyst) },
      { name: "owner", run: timed(owner) },
    ]);
    const [theirs, ours] = ["analyst", "owner"].map((name) => median(figures.get(name) ?? []));
    const results = [
      holds("months that an analyst sees", `${mine.length} of ${all.length}`, mine.length > 0),
      note("revenue_by_month, owner", `${ours?.toFixed(0)} ms`),
      note("revenue_by_month, analyst", `${theirs?.toFixed(0)} ms`),
      atMost("an analyst's time, of the owner's", (theirs ?? NaN) / (ours ?? NaN), LIMIT, "×"),
    ];
    console.log(`\n${table(results)}`);
    if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
    if (results.some(({ pass }) => pass === false)) process.exitCode = 1;
  } finally {
    await Promise.all([owner.end({ timeout: 5 }), analyst.end({ timeout: 5 })]);
  }
});
