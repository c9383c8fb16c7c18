/** What more function processes and more workers bring, on one machine and one database. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "postgres";
import { ROOT } from "../env.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type Client, createClient } from "./client.ts";
import { CONNECTIONS, inRounds, requestRate } from "./measure.ts";
import { PLAIN } from "./reads.ts";
import { type Replicas, startReplicas } from "./replicas.ts";

const ROUNDS = 5;
const REQUESTS = 480;
const JOB_ROUNDS = 2;
const TRIVIAL_JOBS = 5_000;
const WAITING_JOBS = 1_200;
const WAITING_MS = 50;

/** A rate for each number of processes. */
export type Rates = { readonly name: string; readonly rates: ReadonlyMap<number, number> };

/** Pages of 25 a second over 1 to N function processes, the same connections in all. */
export async function functionsRate(
  stack: BenchStack,
  caller: { readonly token: string; readonly tenant: string },
  counts: readonly number[],
): Promise<Rates> {
  const most = Math.max(...counts);
  await using others = await startReplicas(most - 1, {
    pid: stack.pid("functions"),
    livez: "/functions/v1/livez",
  });
  if (stack.direct === undefined) throw new Error("the functions' own port is not known here");
  const origins = [stack.direct, ...others.origins.map((origin) => `${origin}/functions/v1`)];
  const clients = origins.map((origin) => createClient(origin, caller.token, caller.tenant));
  const figures = await inRounds(
    ROUNDS,
    counts.map((count) => ({
      name: String(count),
      run: () => rateOver(clients.slice(0, count)),
    })),
  );
  return { name: "pages of 25 orders, by function processes", rates: best(figures) };
}

/** The load spread evenly, as a balancer does. */
async function rateOver(clients: readonly Client[]): Promise<number> {
  const share = Math.ceil(REQUESTS / clients.length);
  const connections = Math.max(1, Math.floor(CONNECTIONS / clients.length));
  const began = performance.now();
  await Promise.all(clients.map((client) => requestRate(client, PLAIN, share, connections)));
  return (share * clients.length * 1000) / (performance.now() - began);
}

/** The best round: whatever else the machine does makes it only slower. */
const best = (figures: ReadonlyMap<string, number[]>) =>
  new Map([...figures].map(([count, taken]) => [Number(count), Math.max(...taken)]));

/** Jobs a second over 1 to N workers: such that do nothing, and such that wait for somebody else. */
export async function workersRate(
  stack: BenchStack,
  owner: Sql,
  tenant: string,
  counts: readonly number[],
): Promise<Rates[]> {
  const start = (count: number): Promise<Replicas> =>
    startReplicas(count, {
      pid: stack.pid("worker"),
      command: [process.execPath, path.join(ROOT, "scripts", "bench", "scale_worker_main.ts")],
      livez: "/livez",
    });
  const trivial = new Map<number, number>();
  const waiting = new Map<number, number>();
  for (const count of counts) {
    await using _workers = await start(count);
    const taken = { trivial: [] as number[], waiting: [] as number[] };
    for (let round = 0; round < JOB_ROUNDS; round += 1) {
      taken.trivial.push(await jobsRate(owner, tenant, "bench_trivial", TRIVIAL_JOBS, {}));
      taken.waiting.push(
        await jobsRate(owner, tenant, "bench_waiting", WAITING_JOBS, { ms: WAITING_MS }),
      );
    }
    trivial.set(count, Math.max(...taken.trivial));
    waiting.set(count, Math.max(...taken.waiting));
  }
  return [
    { name: "trivial jobs, by workers", rates: trivial },
    { name: `jobs that wait ${WAITING_MS} ms, by workers`, rates: waiting },
  ];
}

async function jobsRate(
  owner: Sql,
  tenant: string,
  task: string,
  count: number,
  payload: Record<string, number>,
): Promise<number> {
  await owner`
    select private.enqueue_many(${tenant}, ${task},
      (select array_agg(${owner.json(payload)}::jsonb) from generate_series(1, ${count}::int)))`;
  const began = performance.now();
  for (;;) {
    const [row] = await owner<{ left: boolean }[]>`
      select exists (
        select from graphile_worker._private_jobs j
        join graphile_worker._private_tasks t on t.id = j.task_id
        where t.identifier = ${task}) as left`;
    if (!row?.left) return (count * 1000) / (performance.now() - began);
    await sleep(5);
  }
}
