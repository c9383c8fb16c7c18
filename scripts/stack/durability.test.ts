/** What was answered with 201 stays, whatever is killed: 500 orders while processes die under them. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { readIdentity } from "./lock.ts";
import { freshEnv, type SpawnedStack, spawnStack } from "./spawn_stack.ts";
import { api, newTenant, owner, type TestTenant, useStack } from "./testing.ts";

const WRITES = 500;
const WRITERS = 10;
/** After so many answered writes, kill -9. */
const KILLS: readonly (readonly [after: number, victim: string])[] = [
  [60, "postgres"],
  [140, "rest"],
  [200, "functions"],
  [270, "launcher"],
  [350, "postgres"],
  [420, "launcher"],
];

let running: SpawnedStack;
let tenant: TestTenant;

beforeAll(async () => {
  running = spawnStack(await freshEnv());
  await running.ready();
  await useStack(running.stackFile);
  tenant = await newTenant();
});
afterAll(async () => {
  await running.stop();
  rmSync(path.dirname(running.dataDir), { recursive: true, force: true });
});

async function kill(victim: string): Promise<void> {
  if (victim === "launcher") {
    running.child.kill("SIGKILL");
    await running.exited();
    running = spawnStack(running.env);
    await running.ready();
    return;
  }
  const who = readIdentity(path.join(running.dataDir, "run", `${victim}.pid`));
  if (who) process.kill(who.pid, "SIGKILL");
}

const created = z.object({ id: z.string(), number: z.string() });

/** Sends one order under one key until it is answered with 201, as a careful client would. */
async function place(write: number): Promise<z.infer<typeof created>> {
  const key = randomUUID();
  for (;;) {
    try {
      const answer = await api("orders", {
        token: tenant.token,
        tenant: tenant.id,
        body: { notes: `write ${write}`, items: [{ name: "Bolt", quantity: 3, unit_price: 1.25 }] },
        headers: { "idempotency-key": key },
      });
      if (answer.status === 201) return created.parse(answer.body);
      // 409: the same key is still running. 5xx: something is down. All else is a mistake.
      if (answer.status !== 409 && answer.status < 500) {
        throw new Refused(`${answer.status} ${JSON.stringify(answer.body)}`);
      }
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    await sleep(100);
  }
}

class Refused extends Error {}

it(`keeps each of ${WRITES} orders once, gaplessly numbered, through ${KILLS.length} kills`, async () => {
  const answered: z.infer<typeof created>[] = [];
  const kills = [...KILLS];
  let killing: Promise<void> = Promise.resolve();
  let next = 0;
  const writer = async () => {
    while (next < WRITES) {
      const write = next;
      next += 1;
      answered.push(await place(write));
      const due = kills[0];
      if (due && answered.length >= due[0]) {
        kills.shift();
        killing = killing.then(() => kill(due[1]));
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  await killing;
  expect(kills).toEqual([]);

  await useStack(running.stackFile);
  const stored = await owner()<{ id: string; number: string; sequence: number; notes: string }[]>`
    select id, number, sequence::int, notes from public.orders
    where tenant_id = ${tenant.id} order by sequence`;
  expect(stored.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: WRITES }, (_, index) => index + 1),
  );
  expect(new Set(stored.map(({ notes }) => notes)).size).toBe(WRITES);
  const byNumber = (a: { number: string }, b: { number: string }) => (a.number < b.number ? -1 : 1);
  expect(answered.sort(byNumber)).toEqual(stored.map(({ id, number }) => ({ id, number })));
  const [incomplete] = await owner()<{ count: number }[]>`
    select count(*)::int from public.orders o
    where o.tenant_id = ${tenant.id} and (o.total <> 3.75 or not exists (
      select from public.order_items i where i.tenant_id = o.tenant_id and i.order_id = o.id))`;
  expect(incomplete?.count).toBe(0);
}, 300_000);
