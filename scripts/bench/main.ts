/**
 * `npm run bench:house`: speed and memory against their limits, as ratios taken in one run. Options:
 * `--data <folder>` keeps the stack's data for the next run, `--json <file>` writes the results.
 */
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { main } from "../db/main.ts";
import { readEnv } from "../env.ts";
import { memoryTable } from "../stack/memory.ts";
import { startBenchStack } from "./bench_stack.ts";
import { createClient } from "./client.ts";
import { type BenchTenant, checkAmounts, generate } from "./generate.ts";
import { benchReads } from "./reads.ts";
import { atMost, note, type Result, table } from "./report.ts";
import { benchWrites } from "./writes.ts";

const { values } = parseArgs({
  options: { data: { type: "string" }, json: { type: "string" } },
});
const { BENCH_ORDERS: orders } = readEnv();
const began = performance.now();
const say = (text: string) =>
  console.log(`  ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

await main(async () => {
  console.log(`bench: ${orders} orders`);
  await using stack = await startBenchStack(values.data);
  const owner = postgres(stack.databaseUrl("postgres"), { max: 1, onnotice: () => {} });
  const admin = postgres(stack.databaseUrl("supabase_admin"), { max: 1, onnotice: () => {} });
  try {
    const results: Result[] = [
      ...(stack.firstStart === undefined
        ? []
        : [atMost("first start, demo data included", stack.firstStart, 20, " s")]),
      atMost("later start", stack.laterStart, 6, " s"),
      atMost(
        "memory of the idle stack",
        stack.idleMemory.reduce((sum, { megabytes }) => sum + megabytes, 0),
        700,
        " MB",
      ),
    ];
    console.log(memoryTable(stack.idleMemory));

    let tenants: BenchTenant[] = await owner<BenchTenant[]>`
    select t.id, s.last::int as orders from public.tenants t
    join private.number_series s on s.tenant_id = t.id
    where t.slug like 'bench-%' order by s.last desc, t.slug`;
    if (tenants.length === 0) tenants = await generate(owner, orders, say);
    say(`${await checkAmounts(owner, tenants)} orders have the amounts that the rules compute`);
    const [largest] = tenants;
    if (!largest) throw new Error("no tenant was made");

    const person = await stack.signUp(`bench-${Date.now()}@bench.test`);
    const writable = await owner<{ id: string }[]>`
    insert into public.tenants (slug, name, currency, time_zone)
    select ${`w${Date.now()}-`} || n, 'Writers ' || n, 'EUR', 'Europe/Berlin'
    from generate_series(1, 2) as n returning id`;
    await owner`
    insert into public.memberships (tenant_id, user_id, role)
    select id, ${person.id}, 'owner' from unnest(${[largest, ...writable].map(({ id }) => id)}::uuid[]) as id`;
    const [one, two] = writable.map(({ id }) => ({
      id,
      client: createClient(stack.gateway, person.token, id),
    }));
    if (!one || !two) throw new Error("two tenants were made");

    say("reading");
    const client = (origin: string) => createClient(origin, person.token, largest.id);
    results.push(
      ...(await benchReads({
        clients: {
          "through the portal": client(stack.portal),
          "through the gateway": client(stack.gateway),
          ...(stack.direct === undefined
            ? {}
            : { "from the functions themselves": client(stack.direct) }),
        },
        owner,
        admin,
        dataDir: stack.dataDir,
        functionsUrl: stack.databaseUrl("kontor_functions"),
        tenant: largest,
      })),
    );
    say("writing");
    results.push(...(await benchWrites(owner, [one, two])));
    results.push(
      note(
        "the machine's load meanwhile, its cores",
        `${loadavg()[1]?.toFixed(1)}, ${cpus().length}`,
      ),
    );
    results.push(note("the bench itself", `${((performance.now() - began) / 1000).toFixed(0)} s`));

    console.log(`\n${table(results)}`);
    if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
    const failed = results.filter(({ pass }) => pass === false);
    if (failed.length > 0) {
      console.error(`\nbench: ${failed.length} limit(s) not kept`);
      process.exitCode = 1;
    }
  } finally {
    await Promise.all([owner.end({ timeout: 5 }), admin.end({ timeout: 5 })]);
  }
});
