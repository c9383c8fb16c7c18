/**
 * What the audit and the outbox cost an order: its create over HTTP with neither, either and both, in turns
 * in one run, for an endpoint that subscribed to everything.
 */
import type { Sql } from "postgres";
import { EVENT_TYPES } from "../../functions/_shared/contracts/webhooks.ts";
import { openReceiver } from "../../tasks/testing/receiver.ts";
import type { Client } from "./client.ts";
import { inRounds, median } from "./measure.ts";
import { atMost, note, type Result } from "./report.ts";
import { settle } from "./webhook_storm.ts";

const ROUNDS = 5;
const ORDERS_A_ROUND = 60;
/** Before the statistics are taken: plans made for empty tables are not what an order costs. */
const FIRST_ORDERS = 200;
const PATIENCE_MS = 600_000;
const LIMIT = 1.5;

/** Ten items of different amounts. */
const ORDER = {
  items: Array.from({ length: 10 }, (_, n) => ({
    name: `Item ${n + 1}`,
    quantity: n + 1.5,
    unit_price: 9.25 + n,
    tax_rate: 19,
  })),
};

/** Those that an order's create sets off. */
const TRIGGERS = {
  audit: ["orders audit", "order_items audit", "order_items audit_insert"],
  outbox: ["orders event", "order_items event_added", "order_items event_changed"],
};
type Part = keyof typeof TRIGGERS;
const PARTS: readonly Part[] = ["audit", "outbox"];

async function enable(owner: Sql, wanted: readonly Part[]): Promise<void> {
  for (const part of PARTS) {
    const verb = wanted.includes(part) ? "enable" : "disable";
    for (const [table, trigger] of TRIGGERS[part].map((name) => name.split(" "))) {
      await owner.unsafe(`alter table public.${table} ${verb} trigger ${trigger}`);
    }
  }
}

/** Milliseconds of an order's create, the median of a round. */
async function create(client: Client): Promise<number> {
  const taken: number[] = [];
  for (let order = 0; order < ORDERS_A_ROUND; order += 1) {
    const began = performance.now();
    const { status } = await client.post("/orders", ORDER);
    if (status !== 201) throw new Error(`an order was refused: ${status}`);
    taken.push(performance.now() - began);
  }
  return median(taken);
}

/**
 * Measures it.
 * @param worker holds the worker still and lets it go on. What it sends afterwards is no part of a create,
 * and would take the processor from whichever is measured next; beside a create it is a figure of its own.
 */
export async function orderCost(
  owner: Sql,
  { id, client }: { id: string; client: Client },
  worker: { stop(): void; go(): void },
): Promise<Result[]> {
  const receiver = await openReceiver();
  await client.post("/webhooks", { url: receiver.url, events: EVENT_TYPES });
  for (let order = 0; order < FIRST_ORDERS; order += 1) await client.post("/orders", ORDER);
  await settle(owner, id, [], PATIENCE_MS);
  await owner`analyze`;

  const scenario = (name: string, parts: readonly Part[], held: boolean) => ({
    name,
    async run() {
      await enable(owner, parts);
      if (held) worker.stop();
      try {
        await create(client); // so that every connection's plans know the triggers of now
        return await create(client);
      } finally {
        worker.go();
        await settle(owner, id, [], PATIENCE_MS);
      }
    },
  });
  const figures = await inRounds(ROUNDS, [
    scenario("neither", [], true),
    scenario("audit", ["audit"], true),
    scenario("outbox", ["outbox"], true),
    scenario("both", PARTS, true),
    scenario("sending", PARTS, false),
  ]);
  await enable(owner, PARTS);
  await receiver.close();
  const of = (name: string) => median(figures.get(name) ?? []);
  const ms = (name: string) => `${of(name).toFixed(1)} ms`;
  return [
    note("an order of 10 items without audit and outbox", ms("neither")),
    note("  with the audit, with the outbox", `${ms("audit")}, ${ms("outbox")}`),
    note("  with both, and while the worker sends", `${ms("both")}, ${ms("sending")}`),
    atMost("  with both, to that without", of("both") / of("neither"), LIMIT, "×"),
  ];
}
