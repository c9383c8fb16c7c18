/** What the queue promises: fair shares, no job twice, none lost, and failures that say why. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { newTenant, owner } from "../scripts/stack/testing.ts";
import { killWorkers, spawnWorker } from "./testing/spawn_worker.ts";

const program = "tasks/testing/worker_main.ts";
const soon = { timeout: 100_000, interval: 100 };
vi.setConfig({ testTimeout: 120_000 });
/** Out of the way of what is said about our own schemas. */
const schema = `test_${randomUUID().slice(0, 8)}`;
const table = `${schema}.notes`;

beforeAll(async () => {
  const sql = owner();
  await sql`create schema ${sql(schema)}`;
  await sql`grant usage on schema ${sql(schema)} to kontor_worker`;
  await sql`
    create table ${sql(table)} (
      place bigint generated always as identity primary key, job_id bigint not null, label text not null)`;
  await sql`grant insert on ${sql(table)} to kontor_worker`;
});
afterEach(killWorkers);
afterAll(async () => {
  const sql = owner();
  await sql`drop schema ${sql(schema)} cascade`;
  await sql`
    delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
    where t.id = j.task_id and t.identifier like 'test\\_%'`;
});

/** Enqueues notes with these labels, as one batch of a tenant. */
const enqueueNotes = (tenant: string, count: number, label: string, ms = 0) => owner()`
  select private.enqueue_many(${tenant}, 'test_note', array(
    select jsonb_build_object('table', ${table}::text, 'label', ${label}::text, 'ms', ${ms}::int)
    from generate_series(1, ${count}::int)))`;
const notes = async (label: string) => {
  const sql = owner();
  return await sql<{ place: string; job_id: string }[]>`
    select place, job_id from ${sql(table)} where label = ${label} order by place`;
};
const enqueue = async (tenant: string, task: string, payload = {}) => {
  const [row] = await owner()<{ id: string }[]>`
    select private.enqueue(${tenant}, ${task}, ${owner().json(payload)}) as id`;
  return row?.id ?? "";
};
const jobOf = async (id: string) => {
  const [row] = await owner()`
    select attempts, max_attempts, last_error, locked_at is not null as running
    from graphile_worker._private_jobs where id = ${id}`;
  return row;
};

describe("fair shares", () => {
  test("a tenant's first job overtakes another's 100,000", async () => {
    const [big, small] = [await newTenant(), await newTenant()];
    await enqueueNotes(big.id, 100_000, "big", 5);
    const { child } = await spawnWorker({ program });
    await vi.waitFor(async () => expect((await notes("big")).length).toBeGreaterThan(50), soon);
    const before = (await notes("big")).length;
    await enqueueNotes(small.id, 1, "small");
    await vi.waitFor(async () => expect(await notes("small")).toHaveLength(1), soon);
    child.kill("SIGKILL");
    const [first] = await notes("small");
    const earlier = (await notes("big")).filter(({ place }) => +place < Number(first?.place));
    // A batch of 200 that was fetched already may go first, and what ran while this was enqueued.
    expect(earlier.length - before).toBeLessThan(800);
    await owner()`
      delete from graphile_worker._private_jobs where payload ->> 'tenant_id' = ${big.id}`;
  });

  test("the more wait, the further back the next one stands; what failed does not count", async () => {
    const tenant = await newTenant();
    const later = "now() + interval '1 hour'";
    const priorities = async () =>
      (
        await owner()<{ priority: number }[]>`
          select priority from graphile_worker._private_jobs
          where payload ->> 'tenant_id' = ${tenant.id} order by id`
      ).map(({ priority }) => priority);
    await owner().unsafe(
      `select private.enqueue('${tenant.id}', 'test_later', '{}', run_at => ${later})
       from generate_series(1, 25)`,
    );
    expect((await priorities()).at(-1)).toBe(2);
    await owner()`
      update graphile_worker._private_jobs set attempts = max_attempts
      where payload ->> 'tenant_id' = ${tenant.id}`;
    await enqueue(tenant.id, "test_later");
    expect((await priorities()).at(-1)).toBe(0);
    await owner()`
      delete from graphile_worker._private_jobs where payload ->> 'tenant_id' = ${tenant.id}`;
  });
});

describe("several workers", () => {
  test("share 10,000 jobs and run none twice", async () => {
    const tenant = await newTenant();
    const label = `shared ${randomUUID()}`;
    await enqueueNotes(tenant.id, 10_000, label);
    const workers = [await spawnWorker({ program }), await spawnWorker({ program })];
    await vi.waitFor(async () => expect(await notes(label)).toHaveLength(10_000), soon);
    const done = await notes(label);
    expect(new Set(done.map(({ job_id }) => job_id)).size).toBe(10_000);
    for (const { metrics } of workers) {
      expect(await metrics()).toMatch(
        /kontor_job_duration_seconds_count\{task="test_note",outcome="done"\} [1-9]/,
      );
    }
  });

  // Long ones are told to leave; of short ones there is a batch in hand.
  test.each([60_000, 20])("stop within ten seconds and give back jobs of %i ms", async (ms) => {
    const tenant = await newTenant();
    const label = `held ${ms}`;
    await enqueueNotes(tenant.id, 5_000, label, ms);
    const { child, log } = await spawnWorker({ program });
    await vi.waitFor(async () => expect((await notes(label)).length).toBeGreaterThan(0), soon);
    const asked = performance.now();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(performance.now() - asked).toBeLessThan(10_000);
    const [left] = await owner()<{ held: number; begun: number; jobs: number }[]>`
      select count(*)::int as jobs, count(locked_at)::int as held,
        count(*) filter (where attempts > 0)::int as begun
      from graphile_worker._private_jobs where payload ->> 'tenant_id' = ${tenant.id}`;
    expect(left?.held).toBe(0);
    expect(left?.begun).toBe(ms > 1_000 ? 10 : 0);
    expect(left?.jobs).toBeGreaterThan(ms > 1_000 ? 4_999 : 1_000);
    expect(log()).not.toContain("Releasing local queue failed");
    await owner()`
      delete from graphile_worker._private_jobs where payload ->> 'tenant_id' = ${tenant.id}`;
  });
});

describe("a job that fails", () => {
  test("for good keeps its reason and is not tried again", async () => {
    const tenant = await newTenant();
    const id = await enqueue(tenant.id, "test_hopeless");
    const { metrics } = await spawnWorker({ program });
    await vi.waitFor(
      async () =>
        expect(await jobOf(id)).toEqual({
          attempts: 1,
          max_attempts: 1,
          last_error: "It cannot be done.",
          running: false,
        }),
      soon,
    );
    const text = await metrics();
    expect(text).toContain('kontor_job_failures_total{task="test_hopeless",outcome="failed"} 1');
    expect(text).toContain('kontor_job_failures_total{task="test_hopeless",outcome="retried"} 0');
    expect(text).toContain('kontor_jobs_failed{task="test_hopeless"} 1');
  });

  test("this time is tried again later", async () => {
    const tenant = await newTenant();
    const id = await enqueue(tenant.id, "test_unlucky");
    await spawnWorker({ program });
    await vi.waitFor(
      async () =>
        expect(await jobOf(id)).toMatchObject({
          max_attempts: 12,
          last_error: "Not this time.",
          running: false,
        }),
      soon,
    );
  });

  test("because its tenant was deleted says so at once", async () => {
    const tenant = await newTenant();
    await owner()`update public.tenants set deleted_at = now() where id = ${tenant.id}`;
    const id = await enqueue(tenant.id, "test_unlucky");
    await spawnWorker({ program });
    await vi.waitFor(
      async () =>
        expect(await jobOf(id)).toMatchObject({
          max_attempts: 1,
          last_error: "The tenant was deleted.",
        }),
      soon,
    );
  });
});
