/**
 * `npm run bench:jobs`: how many trivial jobs a worker does in a second, and how long a tenant's
 * first job waits behind 100,000 of another. `--rounds <n>` and `--json <file>` as their names say.
 */
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import postgres, { type Sql } from "postgres";
import { z } from "zod";
import { makeLogger } from "../../tasks/logger.ts";
import { makeMetrics } from "../../tasks/metrics.ts";
import { type Run, startRun } from "../../tasks/runner.ts";
import { defineTask } from "../../tasks/task.ts";
import { readEnv } from "../env.ts";
import { startBenchStack } from "./bench_stack.ts";
import { findRedis } from "./bullmq.ts";
import { median } from "./measure.ts";
import { atLeast, atMost, note, type Result, table } from "./report.ts";

const JOBS = 20_000;
const CROWD = 100_000;
/** As the worker's default. */
const CONCURRENCY = 10;
const SAMPLES = 10;

const { values } = parseArgs({
  options: { json: { type: "string" }, rounds: { type: "string", default: "5" } },
});

let done = 0;
let firstAt = 0;
let started = (_label: string) => {};
const registry = {
  bench_nothing: defineTask({
    payload: z.object({}),
    async run() {
      if (done === 0) firstAt = performance.now();
      done += 1;
    },
  }),
  bench_sleep: defineTask({
    payload: z.object({ label: z.string(), ms: z.number() }),
    async run({ label, ms }) {
      started(label);
      await sleep(ms);
    },
  }),
};

await using stack = await startBenchStack(undefined);
const databaseUrl = stack.databaseUrl("kontor_worker");
const owner = postgres(stack.databaseUrl("postgres"), { max: 2, onnotice: () => {} });
const sql = postgres(databaseUrl, { max: CONCURRENCY + 2, onnotice: () => {} });
const metrics = makeMetrics(sql, { version: "bench", backsUp: false });
const log = makeLogger("error");
const work = (): Promise<Run> =>
  startRun(
    { registry, schedule: [], concurrency: CONCURRENCY },
    { databaseUrl, sql, log, metrics },
  );

async function enqueue(tenant: string, task: string, count: number, payload: object) {
  await owner`
    select private.enqueue_many(${tenant}, ${task},
      (select array_agg(${owner.json({ ...payload })}::jsonb) from generate_series(1, ${count}::int)))`;
}

const left = async (db: Sql, task: string) => {
  const [row] = await db<{ jobs: number }[]>`
    select count(*)::int as jobs from graphile_worker._private_jobs j
    join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = ${task}`;
  return row?.jobs ?? 0;
};

/** Jobs a second, from the start of the first until the last one's outcome is written. */
async function rate(tenant: string): Promise<{ enqueued: number; run: number }> {
  done = 0;
  const began = performance.now();
  await enqueue(tenant, "bench_nothing", JOBS, {});
  const enqueued = (JOBS * 1000) / (performance.now() - began);
  await owner`analyze graphile_worker._private_jobs`;
  const { stop } = await work();
  while (done < JOBS || (await left(owner, "bench_nothing")) > 0) await sleep(5);
  const run = (JOBS * 1000) / (performance.now() - firstAt);
  await stop();
  if (done !== JOBS) throw new Error(`${done} runs of ${JOBS} jobs`);
  return { enqueued, run };
}

/** Seconds that a tenant's first job waits, each time, while another's crowd is being worked off. */
async function waits(big: string, small: string, ms: number): Promise<number[]> {
  await enqueue(big, "bench_sleep", CROWD, { label: "big", ms });
  const { stop } = await work();
  const taken: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await sleep(250 + 100 * sample);
    const arrived = new Promise<void>((resolve) => {
      started = (label) => {
        if (label === "small") resolve();
      };
    });
    const began = performance.now();
    await enqueue(small, "bench_sleep", 1, { label: "small", ms: 0 });
    await arrived;
    taken.push((performance.now() - began) / 1000);
  }
  await stop();
  await owner`
    delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
    where t.id = j.task_id and t.identifier = 'bench_sleep'`;
  return taken;
}

try {
  const [big, small] = await owner<{ id: string }[]>`
    select id from public.tenants where slug in ('acme', 'globex') order by slug`;
  if (!big || !small) throw new Error("the demo data is not there");
  const redis = await findRedis(readEnv().BENCH_REDIS_URL);
  const rates: { enqueued: number; run: number }[] = [];
  const others: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    rates.push(await rate(big.id));
    if (redis) others.push(await redis.rate(JOBS));
  }
  const runs = median(rates.map(({ run }) => run));
  const results: Result[] = [
    atLeast(`${JOBS} trivial jobs, a second`, runs, 10_000),
    note("the same, best round", `${Math.max(...rates.map(({ run }) => run)).toFixed(0)}/s`),
    note("enqueued", `${median(rates.map(({ enqueued }) => enqueued)).toFixed(0)}/s`),
    ...(redis === undefined
      ? [note("BullMQ", "no Redis at BENCH_REDIS_URL: not compared")]
      : [
          note(redis.name, `${median(others).toFixed(0)}/s`),
          note("  ours to that", `${(runs / median(others)).toFixed(2)}×`),
        ]),
  ];
  for (const ms of [5, 200]) {
    const taken = await waits(big.id, small.id, ms);
    const name = `first job behind ${CROWD} of ${ms} ms`;
    results.push(atMost(`${name}, longest of ${SAMPLES}`, Math.max(...taken), 2, " s"));
    results.push(note(`${name}, median`, `${median(taken).toFixed(2)} s`));
  }
  console.log(`\n${table(results)}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (results.some(({ pass }) => pass === false)) process.exitCode = 1;
} finally {
  await Promise.all([owner.end({ timeout: 5 }), sql.end({ timeout: 5 })]);
}
