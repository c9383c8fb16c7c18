import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { api, owner, portalUrl } from "../../scripts/stack/testing.ts";
import { CHECKS, type Health, health } from "../_shared/contracts/health.ts";

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** The report, as soon as it says so: it may be two seconds old, and a probe late on a busy machine. */
function report(says: (report: Health) => void): Promise<Health> {
  return vi.waitFor(async () => {
    const found = health.parse((await api("/api/healthz")).body);
    says(found);
    return found;
  }, { timeout: 30_000, interval: 500 });
}

const SKIPPED = ["backups", "skipped"];

describe("health", () => {
  test("tells of every part, to anybody", async () => {
    const found = await report(({ status }) => expect(status).toBe("ok"));
    expect(Object.keys(found.checks)).toEqual([...CHECKS]);
    for (const [name, check] of Object.entries(found.checks)) {
      // In this stack nobody is named who could open a backup.
      expect([name, check.status]).toEqual(name === "backups" ? SKIPPED : [name, "ok"]);
    }
    expect(JSON.stringify(found)).not.toMatch(/127\.0\.0\.1|localhost|postgres:|eyJ/);
  });

  test("is examined once for many callers", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => api("/api/healthz")));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test("takes no notice of a bad token", async () => {
    const { status, body } = await api("/api/healthz", { token: "forged" });
    expect([200, 503]).toContain(status);
    health.parse(body);
    expect((await api("/api/livez", { token: "forged" })).body).toEqual({ status: "ok" });
  });

  test("is served on the portal's origin too", async () => {
    const answer = await fetch(`${portalUrl()}/api/healthz`);
    expect(["ok", "degraded", "down"]).toContain(health.parse(await answer.json()).status);
  });
});

describe("health is degraded", () => {
  const note = async (state: string, begun: string) => {
    const id = `test-${randomUUID()}`;
    undo.push(() => owner()`delete from private.backups where id = ${id}`);
    await owner()`
      insert into private.backups (id, state, started_at, ended_at)
      values (${id}, ${state}, now() - ${begun}::interval, now())`;
  };

  test("when the latest backup failed, a kept one is damaged, or none was proven lately", async () => {
    const backups = (status: string, detail?: string) =>
      report(({ checks }) =>
        expect(checks.backups).toEqual(
          expect.objectContaining({ status, ...(detail === undefined ? {} : { detail }) }),
        )
      );
    await note("proven", "50 hours");
    const late = await backups("down", "none was proven for 36 hours");
    expect(late.status).toBe("degraded");
    await note("proven", "3 hours");
    await backups("ok");
    await note("damaged", "40 hours");
    await backups("down", "one that is kept is damaged");
    for (const step of undo.splice(2)) await step();
    await note("failed", "1 hour");
    await backups("down", "the latest one failed");
    for (const step of undo.splice(0)) await step();
    await backups("skipped", "none was made yet");
  });

  test("when a job has waited too long", async () => {
    // Nobody runs a task of this name.
    const task = `nobody_${randomUUID()}`;
    undo.push(() =>
      owner()`
        delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
        where t.id = j.task_id and t.identifier = ${task}`
    );
    await owner()`
      select graphile_worker.add_job(${task}, '{}'::json, run_at => now() - interval '30 minutes')`;
    await report(({ status, checks }) => {
      expect([status, checks.queue?.status]).toEqual(["degraded", "down"]);
      expect(checks.queue?.detail).toMatch(/^the oldest job has waited (30|31) minutes$/);
    });
  });
});
