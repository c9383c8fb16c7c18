import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  api,
  newTenant,
  owner,
  rest,
  signIn,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { session } from "../_shared/contracts/auth.ts";
import { problem } from "../_shared/contracts/common.ts";
import { type System, system } from "../_shared/contracts/system.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

async function makeOperator(person: { id: string }): Promise<void> {
  await owner()`insert into private.operators (user_id) values (${person.id}) on conflict do nothing`;
}

const report = async (token: string): Promise<System> => {
  const { status, body } = await api("/api/system", { token });
  expect(status).toBe(200);
  return system.parse(body);
};

describe("the report of the whole installation", () => {
  test("is an operator's, and not an owner's or a key's", async () => {
    const refused = await api("/api/system", { token: tenant.token, tenant: tenant.id });
    expect([refused.status, problem.parse(refused.body).code]).toEqual([403, "forbidden"]);
    expect((await api("/api/system")).status).toBe(401);

    const operator = await tenant.join("admin");
    await makeOperator(operator);
    await report(operator.token);
    const made = await api("/api/api-keys", {
      token: operator.token,
      tenant: tenant.id,
      body: { label: "Machine", role: "admin" },
    });
    const { key } = made.body as { key: string };
    expect((await api("/api/system", { token: key })).status).toBe(403);
    const byRest = await rest("rpc/system_report", { token: key, method: "POST", body: {} });
    expect(byRest.status).toBe(403);
    const answer = await api("/api/auth/session", { token: operator.token });
    expect(session.parse(answer.body).operator).toBe(true);
  });

  test("is the same rule through PostgREST, and nobody makes themselves an operator", async () => {
    const call = { method: "POST", body: {} };
    const refused = await rest("rpc/system_report", { token: tenant.token, ...call });
    expect(refused.status).toBe(403);
    const table = await rest("operators", {
      token: tenant.token,
      body: { user_id: tenant.owner.id },
    });
    expect(table.status).toBe(404); // private is not exposed
    await expect(
      owner().begin(async (sql) => {
        await sql`set local role authenticated`;
        await sql`insert into private.operators (user_id) values (${tenant.owner.id})`;
      }),
    ).rejects.toThrow(/permission denied/);
  });

  test("says what runs, what waits and what takes room", async () => {
    const token = await signIn("owner@acme.test");
    const { versions, queue, storage, backups } = await report(token);
    expect(versions.postgres).toMatch(/^17\./);
    expect(versions.postgrest).toMatch(/^1\d\./);
    expect(versions.deno).toMatch(/^2\./);
    expect(versions.node).toMatch(/^24\./);
    expect(versions.kontor).toMatch(/^\d+\.\d+\.\d+/);
    expect(versions.migration).toMatch(/^\d{14}$/);
    expect(storage.database).toBeGreaterThan(1_000_000);
    // Other tests note backups of theirs just now.
    expect(backups.latest.length).toBeLessThanOrEqual(14);

    const task = `nobody_${randomUUID()}`;
    await owner()`select graphile_worker.add_job(${task}, '{}'::json, run_at => now() + interval '1 hour')`;
    const mine = (await report(token)).queue.tasks.find((one) => one.task === task);
    expect(mine).toEqual({ task, waiting: 0, running: 0, scheduled: 1, failed: 0 });
    expect(queue.oldest_seconds).toBeGreaterThanOrEqual(0);
    await owner()`
      delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
      where t.id = j.task_id and t.identifier = ${task}`;
  });

  test("shows statements without what was in them", async () => {
    const secret = `secret${randomUUID().slice(0, 8)}`;
    // Long enough to be among those that took most time.
    await owner().unsafe(`select pg_sleep(3), '${secret}' as planted, 4711471147 as number`);
    await owner().unsafe(`create role ${secret} nologin password '${secret}'`);
    await owner().unsafe(`drop role ${secret}`);
    const { slow_queries } = await report(await signIn("owner@acme.test"));
    expect(slow_queries.available).toBe(true);
    const planted = slow_queries.data.find(({ query }) => query.includes("planted"));
    expect(planted?.query).toMatch(/^select pg_sleep\(\$1\), \$2 as planted, \$3 as number$/);
    expect(planted?.max_ms).toBeGreaterThanOrEqual(3_000);
    expect(JSON.stringify(slow_queries)).not.toContain(secret);
    for (const { query, role } of slow_queries.data) {
      expect(query).not.toMatch(/'[^'…]+'/);
      expect(role).not.toMatch(/^analyst_/);
    }
  });
});
