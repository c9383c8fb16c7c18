/**
 * `npm run bench:webhooks`: what the audit and the outbox cost an order, how fast deliveries leave, and
 * whether any is lost while workers are killed. `--json <file>` writes the results.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { z } from "zod";
import { EVENT_TYPES } from "../../functions/_shared/contracts/webhooks.ts";
import { openReceiver } from "../../tasks/testing/receiver.ts";
import { readIdentity } from "../stack/lock.ts";
import { startBenchStack } from "./bench_stack.ts";
import { type Client, createClient } from "./client.ts";
import { orderCost } from "./order_cost.ts";
import { holds, note, type Result, table } from "./report.ts";
import { type Listener, rage, settle } from "./webhook_storm.ts";

const EVENTS = 10_000;
const ENDPOINTS = 3;
const KILLS = 10;
const PATIENCE_MS = 600_000;

const { values } = parseArgs({ options: { json: { type: "string" } } });

await using stack = await startBenchStack(undefined, { WEBHOOK_ALLOW_PRIVATE: "1" });
const owner = postgres(stack.databaseUrl("postgres"), { max: 8, onnotice: () => {} });
const person = await stack.signUp(`bench-${Date.now()}@bench.test`);

async function newTenant(name: string): Promise<{ id: string; client: Client }> {
  const [made] = await owner<{ id: string }[]>`
    insert into public.tenants (slug, name, currency, time_zone)
    values (${`${name}-${Date.now()}`}, ${name}, 'EUR', 'Europe/Berlin') returning id`;
  if (!made) throw new Error("the tenant was made");
  await owner`
    insert into public.memberships (tenant_id, user_id, role) values (${made.id}, ${person.id}, 'owner')`;
  return { id: made.id, client: createClient(stack.gateway, person.token, made.id) };
}

const withSecret = z.object({ secret: z.string() });

async function listen(client: Client): Promise<Listener> {
  const receiver = await openReceiver();
  const { body } = await client.post("/webhooks", { url: receiver.url, events: EVENT_TYPES });
  return { receiver, secret: withSecret.parse(body).secret };
}

const cost = async (): Promise<Result[]> =>
  orderCost(owner, await newTenant("cost"), {
    stop: () => signalWorker("SIGSTOP"),
    go: () => signalWorker("SIGCONT"),
  });

/** Deliveries a second, from the commit of all events until the last is written. */
async function rate(): Promise<Result[]> {
  const { id, client } = await newTenant("rate");
  const listeners = await Promise.all(Array.from({ length: ENDPOINTS }, () => listen(client)));
  await owner`
    insert into public.customers (tenant_id, name)
    select ${id}, 'No ' || n from generate_series(1, ${EVENTS}::int) as n`;
  const began = performance.now();
  const { lost, committed, badSignatures } = await settle(owner, id, listeners, PATIENCE_MS);
  const seconds = (performance.now() - began) / 1000;
  for (const { receiver } of listeners) await receiver.close();
  const name = `${committed} events to ${ENDPOINTS} endpoints`;
  return [
    note(`${name}, deliveries a second`, `${((committed * ENDPOINTS) / seconds).toFixed(0)}/s`),
    holds(
      `${name}: lost, signatures that do not hold`,
      `${lost}, ${badSignatures}`,
      lost + badSignatures === 0,
    ),
  ];
}

function signalWorker(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
  const pid = readIdentity(path.join(stack.dataDir, "run", "worker.pid"))?.pid;
  try {
    if (pid) process.kill(pid, signal);
  } catch {
    // It is being started again just now.
  }
}

/** Mixed commits and rollbacks, with the worker killed ten times. */
async function storm(): Promise<Result[]> {
  const { id, client } = await newTenant("storm");
  const listeners = await Promise.all(Array.from({ length: ENDPOINTS }, () => listen(client)));
  const began = performance.now();
  await rage({
    sql: owner,
    tenant: id,
    writes: EVENTS,
    kills: KILLS,
    post: async (name) => void (await client.post("/customers", { name })),
    kill: async () => {
      signalWorker("SIGKILL");
      await sleep(1_000);
    },
  });
  const verdict = await settle(owner, id, listeners, PATIENCE_MS);
  for (const { receiver } of listeners) await receiver.close();
  const { committed, repeated, ...wrong } = verdict;
  const right = committed > 0 && Object.values(wrong).every((count) => count === 0);
  const figure = Object.entries(wrong)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
  return [
    holds(
      `${EVENTS} writes, worker killed ${KILLS} times`,
      right ? "all told, none else" : figure,
      right,
    ),
    note(
      "the same: committed events, repeated deliveries, seconds",
      `${committed}, ${repeated}, ${((performance.now() - began) / 1000).toFixed(0)}`,
    ),
  ];
}

try {
  const results: Result[] = [];
  for (const part of [cost, rate, storm]) {
    const found = await part();
    console.log(table(found));
    results.push(...found);
  }
  console.log(`\n${table(results)}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (results.some(({ pass }) => pass === false)) process.exitCode = 1;
} finally {
  await owner.end({ timeout: 5 });
}
