/**
 * `npm run bench:scale`: what more processes bring on this machine, and how the cost of each hot query grows
 * with the orders. Ratios mean something elsewhere, figures only here.
 *
 *   --sizes 10000,100000,1000000   orders, in steps; up to 10000000 if the disk has 40 GB
 *   --processes 1,2,3              function processes; --workers 1,2,3 workers
 *   --json <file>                  the results
 */
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { main } from "../db/main.ts";
import { startBenchStack } from "./bench_stack.ts";
import { type Costs, costsAt } from "./scale_growth.ts";
import { functionsRate, type Rates, workersRate } from "./scale_processes.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "10000,100000,1000000" },
    processes: { type: "string", default: "1,2,3" },
    workers: { type: "string", default: "1,2,3" },
    json: { type: "string" },
  },
});
const numbers = (text: string) =>
  text
    .split(",")
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b);
const [sizes, processes, workers] = [
  numbers(values.sizes),
  numbers(values.processes),
  numbers(values.workers),
];
const began = performance.now();
const say = (text: string) =>
  console.log(`  ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

function growthTable(costs: readonly Costs[]): string {
  const names = [...(costs[0]?.milliseconds.keys() ?? [])];
  const wide = Math.max(...names.map((name) => name.length), 30);
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(wide)}${cells.map((cell) => cell.padStart(12)).join("")}`;
  const ratio = (name: string, of: "milliseconds" | "blocks") => {
    const first = costs[0]?.[of].get(name) ?? Number.NaN;
    return `×${((costs.at(-1)?.[of].get(name) ?? Number.NaN) / first).toFixed(2)}`;
  };
  return [
    line("orders in all", [...costs.map(({ orders }) => orders.toLocaleString("en")), "growth"]),
    line(
      "of the tenant asked about",
      costs.map(({ tenant }) => tenant.toLocaleString("en")),
    ),
    line(
      "seconds to load them",
      costs.map(({ loaded }) => loaded.toFixed(0)),
    ),
    ...names.map((name) =>
      line(name, [
        ...costs.map(({ milliseconds }) => `${milliseconds.get(name)?.toFixed(2)} ms`),
        ratio(name, "milliseconds"),
      ]),
    ),
    "  blocks looked at",
    ...[...(costs[0]?.blocks.keys() ?? [])].map((name) =>
      line(name, [
        ...costs.map(({ blocks }) => (blocks.get(name) ?? 0).toLocaleString("en")),
        ratio(name, "blocks"),
      ]),
    ),
  ].join("\n");
}

function ratesTable(all: readonly Rates[]): string {
  return all
    .map(({ name, rates }) => {
      const [first = Number.NaN] = rates.values();
      const cells = [...rates].map(
        ([count, rate]) => `${count}: ${rate.toFixed(0)}/s (×${(rate / first).toFixed(2)})`,
      );
      return `  ${name.padEnd(42)}  ${cells.join("   ")}`;
    })
    .join("\n");
}

await main(async () => {
  // One person is all the load there is.
  await using stack = await startBenchStack(undefined, { RATE_LIMIT_PER_MINUTE: "0" });
  const owner = postgres(stack.databaseUrl("postgres"), { max: 1, onnotice: () => {} });
  const admin = postgres(stack.databaseUrl("supabase_admin"), { max: 1, onnotice: () => {} });
  try {
    const person = await stack.signUp(`scale-${Date.now()}@bench.test`);
    const [acme] = await owner<{ id: string }[]>`select id from public.tenants where slug = 'acme'`;
    if (!acme) throw new Error("the demo data is not there");
    await owner`
      insert into public.memberships (tenant_id, user_id, role) values (${acme.id}, ${person.id}, 'owner')`;
    const rates: Rates[] = [];
    if (processes.length > 0) {
      say(`functions: ${processes.join(", ")} processes`);
      rates.push(await functionsRate(stack, { token: person.token, tenant: acme.id }, processes));
    }
    if (workers.length > 0) {
      say(`workers: ${workers.join(", ")}`);
      rates.push(...(await workersRate(stack, owner, acme.id, workers)));
    }
    const costs: Costs[] = [];
    for (const size of sizes) {
      say(`${size.toLocaleString("en")} orders`);
      const present = costs.at(-1)?.orders ?? 0;
      costs.push(await costsAt(stack, { owner, admin, person }, size, present, say));
    }
    if (rates.length > 0) console.log(`\n${ratesTable(rates)}`);
    if (costs.length > 0) console.log(`\n${growthTable(costs)}`);
    const load = loadavg()[1]?.toFixed(1);
    console.log(
      `\n  ${cpus().length} cores, load ${load}; SQL as the caller, row-level security on`,
    );
    if (values.json) {
      const plain = {
        rates: rates.map(({ name, rates: by }) => ({ name, by: Object.fromEntries(by) })),
        costs: costs.map(({ milliseconds, blocks, ...rest }) => ({
          ...rest,
          milliseconds: Object.fromEntries(milliseconds),
          blocks: Object.fromEntries(blocks),
        })),
      };
      await writeFile(values.json, `${JSON.stringify(plain, null, 2)}\n`);
    }
  } finally {
    await Promise.all([owner.end({ timeout: 5 }), admin.end({ timeout: 5 })]);
  }
});
