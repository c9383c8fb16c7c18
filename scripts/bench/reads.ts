/** Reading lists: what HTTP, functions and row-level security cost, and what filters cost. */
import postgres, { type Sql } from "postgres";
import { z } from "zod";
import { type Captured, capture } from "./capture.ts";
import type { Client } from "./client.ts";
import {
  CONNECTIONS,
  inRounds,
  median,
  queryTime,
  replayRate,
  requestRate,
  type Scenario,
} from "./measure.ts";
import { usesIndex } from "./plans.ts";
import { atLeast, atMost, note, type Result } from "./report.ts";

// Many short turns: what else the machine does comes and goes within seconds.
const ROUNDS = 15;
const REQUESTS = 320;
const QUERIES = 60;
export const PLAIN = "/orders?limit=25";

export type Readers = {
  /** The same person at every address that leads to the functions. */
  readonly clients: Readonly<Record<string, Client>>;
  /** One connection each. */
  readonly owner: Sql;
  readonly admin: Sql;
  readonly dataDir: string;
  readonly functionsUrl: string;
  readonly tenant: { readonly id: string; readonly orders: number };
};

const page = z.object({
  data: z.array(z.object({ id: z.string() })),
  page: z.object({ next_cursor: z.string().nullable() }),
});

/** The path of a page far down the list, reached as a client reaches it: cursor by cursor. */
export async function farPage(client: Client, number: number): Promise<string> {
  let skip = (number - 1) * 25;
  let cursor = "";
  while (skip > 0) {
    const limit = Math.min(200, skip);
    const next = page.parse(await client.get(`/orders?limit=${limit}${cursor}`)).page.next_cursor;
    if (next === null) throw new Error(`the list ends before page ${number}`);
    cursor = `&cursor=${encodeURIComponent(next)}`;
    skip -= limit;
  }
  return `${PLAIN}${cursor}`;
}

/** Filters as people set them, on what the tenant has. */
export async function filtered(owner: Sql, tenant: string): Promise<Record<string, string>> {
  const [found] = await owner<{ customer_id: string; name: string; number: string }[]>`
    with busiest as (
      select customer_id, count(*) as orders from public.orders
      where tenant_id = ${tenant} and customer_id is not null and deleted_at is null
      group by customer_id order by orders desc, customer_id limit 1)
    select busiest.customer_id, c.name,
      (select number from public.orders where tenant_id = ${tenant} order by sequence desc
       offset 1000 limit 1) as number
    from busiest join public.customers c on c.tenant_id = ${tenant} and c.id = customer_id`;
  if (!found) throw new Error("the largest tenant has no customer with orders");
  const word = found.name.split(/\W+/).find((part) => part.length > 4) ?? found.name;
  const q = (text: string) => `${PLAIN}&q=${encodeURIComponent(text)}`;
  return {
    "status filter": `${PLAIN}&status=pending`,
    "customer filter": `${PLAIN}&customer_id=${found.customer_id}`,
    "q, a number": q(found.number),
    "q, a customer's name": q(found.name),
    "q, a word of many customers": q(word),
    "q, one letter wrong": q(`${found.name.slice(0, 3)}x${found.name.slice(4)}`),
  };
}

async function throughput(
  { clients, functionsUrl }: Readers,
  captured: Captured,
): Promise<Result[]> {
  const connections = Array.from({ length: CONNECTIONS }, () =>
    postgres(functionsUrl, { max: 1, onnotice: () => {} }),
  );
  const scenarios: Scenario[] = [
    { name: "bare", run: () => replayRate(connections, captured, REQUESTS) },
    ...Object.entries(clients).map(([name, client]) => ({
      name,
      run: () => requestRate(client, PLAIN, REQUESTS),
    })),
  ];
  const figures = await inRounds(ROUNDS, scenarios).finally(() =>
    Promise.all(connections.map((connection) => connection.end({ timeout: 5 }))),
  );
  const rate = (name: string) => median(figures.get(name) ?? []);
  return [
    note("page of 25, its SQL through the bare driver", `${rate("bare").toFixed(0)}/s`),
    ...Object.keys(clients).flatMap((name) => [
      note(`page of 25, ${name}`, `${rate(name).toFixed(0)}/s`),
      atLeast("  to the bare driver", rate(name) / rate("bare"), 0.5),
    ]),
  ];
}

async function rowLevelSecurity(
  owner: Sql,
  captured: Readonly<Record<string, Captured>>,
): Promise<Result[]> {
  const scenarios = Object.entries(captured).flatMap(([name, request]) =>
    (["caller", "owner"] as const).map((who) => ({
      name: `${name} ${who}`,
      run: () => queryTime(owner, request, who, QUERIES),
    })),
  );
  const figures = await inRounds(ROUNDS, scenarios);
  return Object.keys(captured).flatMap((name) => {
    const caller = median(figures.get(`${name} caller`) ?? []);
    const bare = median(figures.get(`${name} owner`) ?? []);
    return [
      note(
        `SQL of the ${name}, with / without RLS`,
        `${caller.toFixed(2)} / ${bare.toFixed(2)} ms`,
      ),
      atMost("  time with RLS to without", caller / bare, 2),
    ];
  });
}

async function filterCosts(client: Client, paths: Record<string, string>, far: string) {
  const scenarios = Object.entries({ plain: PLAIN, far, ...paths }).map(([name, path]) => ({
    name,
    run: () => requestRate(client, path, REQUESTS),
  }));
  const figures = await inRounds(ROUNDS, scenarios);
  const rate = (name: string) => median(figures.get(name) ?? []);
  const cost = (name: string) => rate("plain") / rate(name);
  return [
    note("page 1, 16 connections", `${rate("plain").toFixed(0)}/s`),
    atMost("far page by cursor to page 1", cost("far"), 1.3),
    ...Object.keys(paths).map((name) => atMost(`${name} to the plain page`, cost(name), 3)),
  ];
}

/** All of it, on the largest tenant. */
export async function benchReads(readers: Readers): Promise<Result[]> {
  const { clients, owner, admin, dataDir, tenant } = readers;
  const client = Object.values(clients).at(-1);
  if (!client) throw new Error("nobody asks");
  const number = Math.min(1000, Math.max(2, Math.floor(tenant.orders / 25 / 2)));
  const paths = await filtered(owner, tenant.id);
  const take = (path: string) => capture(admin, dataDir, client, path);
  // The first answer counts, for a minute the next ones need not.
  const first = await take(PLAIN);
  const later = await take(PLAIN);
  const far = await farPage(client, number);
  const [farSql, statusSql, customerSql] = [
    await take(far),
    await take(paths["status filter"] ?? ""),
    await take(paths["customer filter"] ?? ""),
  ];
  return [
    note("orders of the largest tenant", String(tenant.orders)),
    await usesIndex(owner, "page 1", later, "orders_placed_at_idx"),
    await usesIndex(owner, `page ${number}`, farSql, "orders_placed_at_idx"),
    await usesIndex(owner, "status filter", statusSql, "orders_pending_idx"),
    await usesIndex(owner, "customer filter", customerSql, "orders_customer_idx"),
    ...(await throughput(readers, later)),
    ...(await rowLevelSecurity(owner, { page: later, "page with its first count": first })),
    note("far page", `page ${number}`),
    ...(await filterCosts(client, paths, far)),
  ];
}
