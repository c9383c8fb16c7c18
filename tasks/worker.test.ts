import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { newTenant, owner, signUp, stack } from "../scripts/stack/testing.ts";
import { readEnv } from "./env.ts";
import { freePort, killWorkers, spawnWorker } from "./testing/spawn_worker.ts";

afterEach(killWorkers);
vi.setConfig({ testTimeout: 120_000 });

/** As the database's owner, as no other worker connects. */
const startWorker = (databaseUrl = stack().database_url) => spawnWorker({ databaseUrl });

const jobsOf = (task: string) => owner()<{ last_error: string | null; attempts: number }[]>`
  select last_error, attempts from graphile_worker.jobs where task_identifier = ${task}`;

describe("a job", () => {
  test("prunes what has run out, and only that", async () => {
    const { id, token, owner: person } = await newTenant();
    const sql = owner();
    const keys = { old: randomUUID(), young: randomUUID() };
    for (const [age, key] of [
      ["25 hours", keys.old],
      ["23 hours", keys.young],
    ] as const) {
      await sql`
        insert into private.idempotency_keys (caller, tenant_id, key, request_hash, answer, created_at)
        values (${person.id}, ${id}, ${key}, 'hash', 'sealed', now() - ${age}::interval)`;
    }
    const invitee = (await signUp()).email;
    await sql`
      insert into public.invitations (tenant_id, email, role, token_hash, expires_at)
      values (${id}, ${invitee}, 'viewer', sha256(${token}::text::bytea), now() - interval '31 days')`;
    await sql`select graphile_worker.add_job('prune_expired', '{}'::json)`;
    await vi.waitFor(
      async () => {
        const left = await sql`
          select key from private.idempotency_keys where key in (${keys.old}, ${keys.young})`;
        expect(left.map(({ key }) => key)).toEqual([keys.young]);
      },
      { timeout: 60_000, interval: 100 },
    );
    expect(await sql`select from public.invitations where tenant_id = ${id}`).toHaveLength(0);
  });

  test("of a transaction that rolls back is never there", async () => {
    const task = `nothing_${randomUUID()}`;
    const rolledBack = owner().begin(async (sql) => {
      await sql`select graphile_worker.add_job(${task}, '{}'::json)`;
      throw new Error("changed my mind");
    });
    await expect(rolledBack).rejects.toThrow("changed my mind");
    expect(await jobsOf(task)).toHaveLength(0);
  });

  test("whose payload does not fit fails at once and says why", async () => {
    const [job] = await owner()<{ id: string }[]>`
      select id from graphile_worker.add_job('prune_expired', '"everything"'::json)`;
    const read = async () => {
      const [row] = await owner()`
        select last_error, attempts, max_attempts, locked_at
        from graphile_worker.jobs where id = ${job?.id ?? ""}`;
      return row;
    };
    await vi.waitFor(
      async () =>
        expect(await read()).toEqual({
          last_error: expect.stringContaining("Payload does not fit"),
          attempts: 1,
          max_attempts: 1,
          locked_at: null,
        }),
      { timeout: 60_000, interval: 100 },
    );
    await owner()`select graphile_worker.complete_jobs(array[${job?.id ?? ""}]::bigint[])`;
  });
});

describe("the worker", () => {
  test("names what is missing in its environment", () => {
    expect(() => readEnv({ PORT: "0", LOG_LEVEL: "loud" })).toThrow(
      /DATABASE_URL: .*\n.*PORT: .*\n(?:.*\n)+.*LOG_LEVEL: /,
    );
  });

  test("stops of itself when it is asked to", async () => {
    const { child, livez } = await startWorker();
    await vi.waitFor(async () => expect(await livez()).toBe(200), { timeout: 60_000 });
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("outlives the loss of every connection", async () => {
    const { child, name, livez } = await startWorker();
    // The stack's own worker connects as another role.
    const connections = () => owner()<{ pid: number; listens: boolean }[]>`
      select pid, application_name like 'kontor-worker pool-%' as listens
      from pg_stat_activity
      where usename = current_user
        and (application_name = ${name} or application_name like 'kontor-worker %')`;
    const isWell = async (not: number[]) => {
      expect(await livez()).toBe(200);
      const listening = (await connections()).filter(({ listens }) => listens);
      // One for what is to be done, one for deliveries.
      expect(listening).toHaveLength(2);
      for (const { pid } of listening) expect(not).not.toContain(pid);
    };
    await vi.waitFor(() => isWell([]), { timeout: 60_000, interval: 100 });
    const lost = (await connections()).map(({ pid }) => pid);
    await owner()`select pg_terminate_backend(pid) from unnest(${lost}::int[]) as pid`;
    await vi.waitFor(() => isWell(lost), { timeout: 60_000, interval: 100 });
    expect(child.exitCode).toBeNull();
  });

  test("does not end because somebody with SQL says that the schema moved on", async () => {
    const { child, livez, log } = await startWorker();
    await vi.waitFor(async () => expect(await livez()).toBe(200), { timeout: 60_000 });
    for (let times = 0; times < 20; times++) {
      await owner()`
        select pg_notify('worker:migrate', '{"migrationNumber": 999, "breaking": true}')`;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(child.exitCode).toBeNull();
    expect(log()).not.toContain("breaking migration");
    expect(await livez()).toBe(200);
  });

  test("takes up again what a worker that died had begun", async () => {
    const [job] = await owner()<{ id: string }[]>`
      select id from graphile_worker.add_job(
        'prune_expired', '{}'::json, run_at => now() + interval '1 hour')`;
    const id = job?.id ?? "";
    await owner()`
      update graphile_worker._private_jobs
      set locked_by = 'pool-of-the-dead', locked_at = now(), run_at = now() where id = ${id}`;
    await startWorker();
    await vi.waitFor(
      async () =>
        expect(await owner()`select from graphile_worker.jobs where id = ${id}`).toHaveLength(0),
      { timeout: 60_000, interval: 100 },
    );
  });

  test("gives up at once where waiting cannot help", async () => {
    const wrong = new URL(stack().database_url);
    wrong.password = "wrong";
    const { child, log } = await startWorker(wrong.href);
    expect(await once(child, "exit")).toEqual([1, null]);
    expect(log()).toContain("cannot work with this database");
    expect(log()).not.toContain("wrong@");
  });

  test("waits for a database that is not there yet", async () => {
    const absent = new URL(stack().database_url);
    absent.port = String(await freePort());
    const { child, livez, log } = await startWorker(absent.href);
    await vi.waitFor(() => expect(log()).toContain("trying again"), { timeout: 60_000 });
    expect([await livez(), child.exitCode]).toEqual([503, null]);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
