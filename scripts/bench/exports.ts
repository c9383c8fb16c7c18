/**
 * `npm run bench:exports`: how fast exports, documents and uploads are made, and how much memory the
 * worker takes for it. BENCH_ORDERS orders of one tenant (1,000,000); `--data <folder>` keeps them for the next run,
 * `--rounds <n>` and `--json <file>` as their names say.
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { z } from "zod";
import { readSnapshot } from "../../tasks/exports/snapshot.ts";
import { wanted } from "../../tasks/exports/wanted.ts";
import { readEnv } from "../env.ts";
import { startBenchStack } from "./bench_stack.ts";
import { type Client, createClient } from "./client.ts";
import { benchDocuments } from "./documents.ts";
import { type BenchTenant, generate } from "./generate.ts";
import { inRounds, median } from "./measure.ts";
import { atMost, holds, note, type Result, table } from "./report.ts";
import { benchUpload, UPLOAD_BYTES } from "./uploads.ts";

const XLSX_ROWS = 200_000;
const PDF_ROWS = 5_000;
const POLL_MS = 50;

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    json: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const { BENCH_ORDERS: orders } = readEnv();
const began = performance.now();
const say = (text: string) =>
  console.log(`  ${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

const answer = z.object({
  id: z.string(),
  status: z.string(),
  error: z.string().nullable(),
  byte_size: z.number().nullable(),
  progress: z.object({ done: z.number() }),
});
type Answer = z.infer<typeof answer>;

/** Resident memory of a process, in MiB. */
function resident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

type Made = { seconds: number; peak: number; made: Answer };

/** Asks for an export and waits for it, watching the worker's memory. @throws Error when it fails. */
async function make(client: Client, worker: number, body: unknown): Promise<Made> {
  const started = performance.now();
  const asked = await client.post("/orders/export", body);
  let made = z.object({ export: answer }).parse(asked.body).export;
  let peak = 0;
  while (made.status === "queued" || made.status === "running") {
    await sleep(POLL_MS);
    peak = Math.max(peak, resident(worker));
    made = answer.parse(await client.get(`/exports/${made.id}`));
  }
  if (made.status !== "succeeded") throw new Error(`the export ${made.status}: ${made.error}`);
  return { seconds: (performance.now() - started) / 1000, peak, made };
}

console.log(`bench: exports of ${orders} orders`);
await using stack = await startBenchStack(values.data, { MAX_UPLOAD_BYTES: `${UPLOAD_BYTES}` });
const owner = postgres(stack.databaseUrl("postgres"), { max: 1, onnotice: () => {} });
try {
  const worker = stack.pid("worker");
  let tenants: BenchTenant[] = await owner<BenchTenant[]>`
    select t.id, s.last::int as orders from public.tenants t
    join private.number_series s on s.tenant_id = t.id where t.slug like 'bench-%'`;
  if (tenants.length === 0) tenants = await generate(owner, orders, say, 1);
  const [tenant] = tenants;
  if (!tenant) throw new Error("no tenant was made");
  const person = await stack.signUp(`bench-${Date.now()}@bench.test`);
  await owner`
    insert into public.memberships (tenant_id, user_id, role)
    values (${tenant.id}, ${person.id}, 'owner')`;
  const client = createClient(stack.gateway, person.token, tenant.id);
  /** Somewhere to write: the orders that are exported stay as they are. */
  const emptyTenant = async (user: string) => {
    const [made] = await owner<{ id: string }[]>`
      insert into public.tenants (slug, name, currency, time_zone)
      values (${`w${Date.now()}`}, 'Writers', 'EUR', 'Europe/Berlin') returning id`;
    if (!made) throw new Error("no tenant was made");
    await owner`
      insert into public.memberships (tenant_id, user_id, role)
      values (${made.id}, ${user}, 'owner')`;
    return createClient(stack.gateway, person.token, made.id);
  };
  const since = async (rows: number) => {
    const [row] = await owner<{ at: string }[]>`
      select to_json(placed_at) #>> '{}' as at from public.orders
      where tenant_id = ${tenant.id} and deleted_at is null
      order by placed_at desc, id desc offset ${rows - 1} limit 1`;
    return row === undefined ? {} : { placed_from: row.at };
  };

  say("an order of three pages as PDF");
  const writable = await emptyTenant(person.id);
  const documents = await benchDocuments(writable);
  say("an upload");
  const pids = ["functions", "worker", "portal"].map((part) => stack.pid(part));
  const upload = await benchUpload({ client: writable, store: stack.store, pids });

  say("a small export, to warm up");
  const { made } = await make(client, worker, { format: "csv", filters: await since(1_000) });
  await sleep(3_000);
  const idle = resident(worker);

  /** The statement that the export runs, read to its end by the driver alone. */
  const bareCopy = async () => {
    const [row] = await owner<{ tenant: unknown }[]>`
      select json_build_object('id', id, 'name', name, 'currency', currency, 'time_zone', time_zone,
        'locale', locale) as tenant from public.tenants where id = ${tenant.id}`;
    const whole = wanted.parse({
      ...{ id: made.id, entity: "orders", format: "csv", rows: "orders", query: {}, columns: null },
      ...{ file_name: "", requested_by: person.id, tenant: row?.tenant },
    });
    const databaseUrl = stack.databaseUrl("kontor_worker");
    const reading = { databaseUrl, sql: owner, signal: new AbortController().signal };
    return await readSnapshot(whole, reading, async (snapshot) => {
      const started = performance.now();
      const rows = await snapshot.csv();
      rows.resume();
      await new Promise((resolve, reject) => rows.once("end", resolve).once("error", reject));
      return (performance.now() - started) / 1000;
    });
  };

  say("CSV of every order, in turns with the bare COPY");
  const csv: Made[] = [];
  const figures = await inRounds(Number(values.rounds), [
    { name: "copy", run: bareCopy },
    {
      name: "csv",
      run: async () => {
        csv.push(await make(client, worker, { format: "csv" }));
        return csv.at(-1)?.seconds ?? 0;
      },
    },
  ]);
  const seconds = (name: string) => median(figures.get(name) ?? []);
  const csvPeak = Math.max(...csv.map(({ peak }) => peak));
  const last = csv.at(-1)?.made;

  say(`XLSX of ${XLSX_ROWS} orders`);
  const xlsx = await make(client, worker, { format: "xlsx", filters: await since(XLSX_ROWS) });
  say(`PDF of ${PDF_ROWS} orders`);
  const pdf = { format: "pdf", filters: await since(PDF_ROWS) };
  const cold = await make(client, worker, pdf);
  const warm = await make(client, worker, pdf);

  const results: Result[] = [
    holds("rows of the CSV", String(last?.progress.done), last?.progress.done === tenant.orders),
    note("its size", `${((last?.byte_size ?? 0) / 1e6).toFixed(0)} MB`),
    note("bare COPY to nowhere", `${seconds("copy").toFixed(2)} s`),
    note("CSV to the object store, asked to done", `${seconds("csv").toFixed(2)} s`),
    atMost("  to the bare COPY", seconds("csv") / seconds("copy"), 2),
    note("worker when idle", `${idle.toFixed(0)} MB`),
    atMost("  more at most while it makes the CSV", csvPeak - idle, 150, " MB"),
    note(
      `XLSX of ${xlsx.made.progress.done} orders`,
      `${(xlsx.made.progress.done / xlsx.seconds).toFixed(0)} rows/s`,
    ),
    atMost("  worker's memory at most", xlsx.peak, 350, " MB"),
    note(`PDF of ${cold.made.progress.done} orders, first time`, `${cold.seconds.toFixed(1)} s`),
    note("  again", `${warm.seconds.toFixed(1)} s`),
    ...documents,
    ...upload,
  ];
  console.log(`\n${table(results)}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (results.some(({ pass }) => pass === false)) process.exitCode = 1;
} finally {
  await owner.end({ timeout: 5 });
}
