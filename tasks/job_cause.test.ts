import { randomBytes, randomUUID } from "node:crypto";
import type { TransactionSql } from "postgres";
import { describe, expect, test } from "vitest";
import { api, newTenant, owner } from "../scripts/stack/testing.ts";
import { causeOf } from "./job_cause.ts";

class Rollback extends Error {}

/** Runs something in a transaction that leaves nothing, and that no worker sees. */
async function tried(work: (tx: TransactionSql) => Promise<void>): Promise<void> {
  const run = owner().begin(async (tx) => {
    await work(tx);
    throw new Rollback();
  });
  await run.catch((error: unknown) => {
    if (!(error instanceof Rollback)) throw error;
  });
}

const TRACE = `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;

describe("what caused a job", () => {
  test.each([
    [
      { "x-request-id": "r-1", traceparent: TRACE },
      { request_id: "r-1", traceparent: TRACE },
    ],
    [{ "x-request-id": "r-1", traceparent: "00-nonsense" }, { request_id: "r-1" }],
    [{ "x-request-id": "r-1", traceparent: `${TRACE}-more` }, { request_id: "r-1" }],
    [{ "x-request-id": 'r"}; drop', traceparent: TRACE }, {}],
    [{ traceparent: TRACE }, {}],
    [{}, {}],
  ])("of %j is %j", async (headers, cause) => {
    const { id } = await newTenant();
    await tried(async (tx) => {
      const text = JSON.stringify(headers);
      await tx`select set_config('request.headers', ${text}, true)`;
      await tx`select private.enqueue(${id}, 'test_cause', '{"n": 1}')`;
      await tx`select private.enqueue_many(${id}, 'test_cause', array['{"n": 2}']::jsonb[])`;
      const jobs = await tx<{ payload: unknown }[]>`
        select payload from graphile_worker._private_jobs where payload ->> 'tenant_id' = ${id}`;
      expect(jobs.map(({ payload }) => causeOf(payload))).toEqual([cause, cause]);
    });
  });

  test("is none where an operator's own SQL enqueues it, and nobody sees it under Jobs", async () => {
    const { id, token } = await newTenant();
    await tried(async (tx) => {
      const [row] = await tx<{ cause: unknown }[]>`select private.job_cause() as cause`;
      expect(row?.cause).toEqual({});
    });
    const task = `nobody_${randomUUID()}`;
    await owner().begin(async (tx) => {
      await tx`select set_config('request.headers', '{"x-request-id": "r-2"}', true)`;
      await tx`select private.enqueue(${id}, ${task}, '{"thing_id": "1"}')`;
    });
    const { body } = await api("/api/jobs", { token, tenant: id });
    expect(JSON.stringify(body)).toContain('"subject":{"thing_id":"1"}');
    await owner()`
      delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
      where t.id = j.task_id and t.identifier = ${task}`;
  });
});

test("a job that waits for another of its own queue is not late", async () => {
  await tried(async (tx) => {
    const task = `nobody_${randomUUID()}`;
    const late = async () => {
      const [row] = await tx<{ seconds: number }[]>`
        select oldest_seconds as seconds from private.queue_state() where task = ${task}`;
      return row?.seconds;
    };
    await tx`
      select graphile_worker.add_job(${task}, '{}'::json, queue_name => ${task},
        run_at => now() - interval '30 minutes')`;
    expect(await late()).toBe(1_800);
    await tx`
      update graphile_worker._private_job_queues set locked_at = now(), locked_by = 'somebody'
      where queue_name = ${task}`;
    expect(await late()).toBe(0);
  });
});
