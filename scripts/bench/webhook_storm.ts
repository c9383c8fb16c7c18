/**
 * Many writes to one tenant at once, some of which are rolled back, through SQL and HTTP, while workers are
 * killed: what its endpoints were told must be what was committed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "postgres";
import { type Received, type Receiver, validSignatures } from "../../tasks/testing/receiver.ts";

/** An endpoint and who listens there. */
export type Listener = { readonly secret: string; readonly receiver: Receiver };

export type Storm = {
  readonly sql: Sql;
  readonly tenant: string;
  readonly writes: number;
  /** Adds a customer over HTTP. */
  post(name: string): Promise<void>;
  /** Kills whatever worker there is; how often while the writes go on. */
  kill(): void | Promise<void>;
  readonly kills: number;
};

const SQL_WRITERS = 6;
const HTTP_WRITERS = 4;

class RolledBack extends Error {}

/** One transaction in psql: a customer and an order of theirs, or half of it and then a rollback. */
async function writeBySql(sql: Sql, tenant: string, place: number): Promise<void> {
  await sql
    .begin(async (tx) => {
      const [customer] = await tx<{ id: string }[]>`
        insert into public.customers (tenant_id, name) values (${tenant}, ${`No ${place}`}) returning id`;
      if (place % 3 === 0) throw new RolledBack();
      if (!customer) return;
      await tx`update public.customers set email = ${`no${place}@example.test`} where id = ${customer.id}`;
      if (place % 5 === 0) {
        await tx`insert into public.orders (tenant_id, customer_id) values (${tenant}, ${customer.id})`;
      }
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
}

/** Does the writes. Resolves when the last has ended; deliveries may still be under way. */
export async function rage({ sql, tenant, writes, post, kill, kills }: Storm): Promise<void> {
  let next = 0;
  const writer = async (write: (place: number) => Promise<void>) => {
    while (next < writes) await write(next++);
  };
  const writing = Promise.all([
    ...Array.from({ length: SQL_WRITERS }, () => writer((place) => writeBySql(sql, tenant, place))),
    ...Array.from({ length: HTTP_WRITERS }, () => writer((place) => post(`No ${place}`))),
  ]);
  const killing = (async () => {
    for (let killed = 0; killed < kills; killed += 1) {
      while (next < (writes * (killed + 1)) / (kills + 1)) await sleep(10);
      await kill();
    }
  })();
  await Promise.all([writing, killing]);
}

export type Verdict = {
  readonly committed: number;
  /** Committed and not delivered, over all endpoints. */
  readonly lost: number;
  /** Delivered and not committed. */
  readonly invented: number;
  readonly repeated: number;
  readonly badSignatures: number;
  /** Events of a record that arrived, for the first time, before an earlier one of it. */
  readonly disordered: number;
};

/** Waits until nothing is left to send, and compares. @throws Error when it takes too long. */
export async function settle(
  sql: Sql,
  tenant: string,
  listeners: readonly Listener[],
  patienceMs: number,
): Promise<Verdict> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const [left] = await sql<{ events: number; deliveries: number }[]>`
      select (select count(*)::int from private.events where tenant_id = ${tenant} and not fanned_out) as events,
        (select count(*)::int from public.webhook_deliveries
          where tenant_id = ${tenant} and status = 'pending') as deliveries`;
    if (left?.events === 0 && left.deliveries === 0) break;
    if (Date.now() > until) throw new Error(`still waiting: ${JSON.stringify(left)}`);
    await sleep(100);
  }
  const events = await sql<{ id: string; entity_id: string; sequence: string }[]>`
    select id, entity_id, sequence from private.events where tenant_id = ${tenant} order by sequence`;
  const committed = new Map(events.map((event) => [event.id, event]));
  const sums = { lost: 0, invented: 0, repeated: 0, badSignatures: 0, disordered: 0 };
  for (const { receiver, secret } of listeners) {
    const first = new Map<string, Received>();
    const latest = new Map<string, bigint>();
    for (const one of receiver.received) {
      if (!validSignatures(one, secret).some(Boolean)) sums.badSignatures += 1;
      if (first.has(one.id)) {
        sums.repeated += 1;
        continue;
      }
      first.set(one.id, one);
      const event = committed.get(one.id);
      if (!event) {
        sums.invented += 1;
        continue;
      }
      const sequence = BigInt(event.sequence);
      if (sequence < (latest.get(event.entity_id) ?? 0n)) sums.disordered += 1;
      latest.set(event.entity_id, sequence);
    }
    sums.lost += events.filter(({ id }) => !first.has(id)).length;
  }
  return { committed: events.length, ...sums };
}
