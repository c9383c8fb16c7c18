/**
 * `npm run bench:audit`: how fast a long log is sealed, verified and read. BENCH_ORDERS entries
 * (1,000,000); `--json <file>` writes the results. What the log costs an order is in bench:webhooks.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { z } from "zod";
import { readEnv } from "../env.ts";
import { startBenchStack } from "./bench_stack.ts";
import { type Client, createClient } from "./client.ts";
import { median } from "./measure.ts";
import { atMost, holds, note, type Result, table } from "./report.ts";

const READS = 15;
const SEALED_AT_ONCE = 20_000;
/** So much more memory the second half of a log may take than the first. */
const GROWTH_MB = 60;

const { values } = parseArgs({ options: { json: { type: "string" } } });
const { BENCH_ORDERS: entries } = readEnv();
const began = performance.now();
const say = (text: string) =>
  console.log(`  ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

console.log(`bench: ${entries} entries of the audit log`);
await using stack = await startBenchStack(undefined);
const owner = postgres(stack.databaseUrl("postgres"), { max: 2, onnotice: () => {} });
const person = await stack.signUp(`bench-${Date.now()}@bench.test`);
const [tenant] = await owner<{ id: string }[]>`
  insert into public.tenants (slug, name, currency, time_zone)
  values (${`audit-${Date.now()}`}, 'Audit', 'EUR', 'Europe/Berlin') returning id`;
if (!tenant) throw new Error("no tenant was made");
await owner`
  insert into public.memberships (tenant_id, user_id, role) values (${tenant.id}, ${person.id}, 'owner')`;
const client = createClient(stack.gateway, person.token, tenant.id);

/** As many entries as a busy tenant has in years: mostly changes, by a few people, of many records. */
async function write(): Promise<void> {
  const step = 100_000;
  for (let from = 0; from < entries; from += step) {
    await owner`
      insert into audit.entries (tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip,
        user_agent, request_id, metadata)
      select ${tenant?.id ?? ""}, 'user', md5((n % 20)::text)::uuid::text,
        case when n % 5000 = 0 then 'refused' when n % 3 = 0 then 'create' else 'update' end,
        (array['order', 'order_item', 'customer'])[1 + n % 3], md5((n / 8)::text)::uuid::text,
        jsonb_build_object('status', jsonb_build_array('pending', 'processing'), 'total', jsonb_build_array(n, n + 1)),
        '10.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64)', md5(n::text), '{"door": "portal"}'
      from generate_series(${from + 1}::int, ${Math.min(from + step, entries)}::int) as n`;
  }
  await owner`analyze audit.entries`;
}

async function seal(): Promise<number> {
  const started = performance.now();
  let total = 0;
  for (;;) {
    const [row] = await owner<{ sealed: number; left: boolean }[]>`
      select private.seal_audit(${SEALED_AT_ONCE}) as sealed,
        exists (select from audit.entries where hash is null) as left`;
    total += row?.sealed ?? 0;
    if (!row?.left) break;
  }
  return (total * 1000) / (performance.now() - started);
}

const verified = z.object({
  whole: z.boolean(),
  seconds: z.number(),
  chains: z.array(z.object({ checked: z.number() })),
});

/** The command as an operator runs it, and its memory meanwhile in MB. */
async function verify(): Promise<Result[]> {
  const program = path.join(import.meta.dirname, "..", "audit", "verify.ts");
  const child = spawn(process.execPath, [program, "--json"], {
    env: { PATH: readEnv().PATH, DATABASE_URL: stack.databaseUrl("postgres") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString("utf8");
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const memory: number[] = [];
  let running = true;
  void exited.then(() => {
    running = false;
  });
  while (running) {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    memory.push(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    await Promise.race([sleep(250), exited]);
  }
  const { whole, seconds, chains } = verified.parse(JSON.parse(out));
  const checked = chains.reduce((sum, chain) => sum + chain.checked, 0);
  const half = Math.ceil(memory.length / 2);
  const [first, second] = [memory.slice(0, half), memory.slice(half)];
  return [
    holds(`${checked} entries verified`, whole ? "whole" : "NOT whole", whole),
    note("  a second", `${(checked / seconds).toFixed(0)}/s`),
    note("  memory at most", `${Math.max(...memory).toFixed(0)} MB`),
    atMost("  more in the second half", Math.max(...second) - Math.max(...first), GROWTH_MB, " MB"),
  ];
}

async function milliseconds(reader: Client, query: string): Promise<number> {
  const taken: number[] = [];
  for (let read = 0; read < READS; read += 1) {
    const started = performance.now();
    await reader.get(`/audit${query}`);
    taken.push(performance.now() - started);
  }
  return median(taken);
}

/** Each way to look into the log, to its plain first page. */
async function reads(): Promise<Result[]> {
  const uuid = (text: string) => owner<{ id: string }[]>`select md5(${text})::uuid::text as id`;
  const [[record], [actor]] = await Promise.all([uuid("100"), uuid("7")]);
  const queries = {
    "of one record": `?entity_type=order&entity_id=${record?.id}`,
    "of one person": `?actor_id=${actor?.id}`,
    "of what is rare": "?action=refused",
    "of what is usual": "?action=update",
    "of a kind of record": "?entity_type=customer",
    "until last week": `?to=${new Date(Date.now() - 7 * 86_400_000).toISOString()}`,
  };
  await milliseconds(client, "");
  const plain = await milliseconds(client, "");
  const results = [note("the log's first page", `${plain.toFixed(1)} ms`)];
  for (const [name, query] of Object.entries(queries)) {
    await milliseconds(client, query);
    results.push(atMost(`  ${name}, to that`, (await milliseconds(client, query)) / plain, 3, "×"));
  }
  return results;
}

try {
  say("writing");
  await write();
  say("sealing");
  const results: Result[] = [note("sealed", `${(await seal()).toFixed(0)}/s`)];
  say("verifying");
  results.push(...(await verify()));
  say("reading");
  results.push(...(await reads()));
  console.log(`\n${table(results)}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (results.some(({ pass }) => pass === false)) process.exitCode = 1;
} finally {
  await owner.end({ timeout: 5 });
}
