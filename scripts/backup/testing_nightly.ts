/** For tests: the nightly backup as a worker makes it, and what is said of it. */
import { expect, vi } from "vitest";
import { health } from "../../functions/_shared/contracts/health.ts";
import type { OwnFunctions } from "../../functions/_shared/spawn_functions.ts";
import { schedule } from "../../tasks/schedule.ts";
import { type SpawnedWorker, spawnWorker } from "../../tasks/testing/spawn_worker.ts";
import { using } from "./connect.ts";
import type { Drill } from "./testing.ts";

/** Starts a worker on the drill's database that backs it up when it is told to. */
export const startWorker = (
  drill: Drill,
  env: Record<string, string> = {},
): Promise<SpawnedWorker> =>
  spawnWorker({
    databaseUrl: drill.worker,
    env: {
      ...drill.store,
      BACKUP_RECIPIENT: drill.settings.recipients.join(),
      BACKUP_DATABASE_URL: drill.settings.databaseUrl,
      LOG_LEVEL: "info",
      ...env,
    },
  });

/** Waits until healthz says this of backups; an answer is kept for two seconds. */
export const backupsHealth = (
  { url }: OwnFunctions,
  expected: [status: string, detail: string | undefined],
): Promise<void> =>
  vi.waitFor(
    async () => {
      const { backups } = health.parse(await (await fetch(`${url}/healthz`)).json()).checks;
      expect([backups.status, backups.detail]).toEqual(expected);
    },
    { timeout: 30_000, interval: 500 },
  );

type Recorded = { id: string; state: string; reason: string | null };

/** What private.backups says, oldest first. */
export const recordedBackups = ({ admin }: Drill): Promise<Recorded[]> =>
  using(
    admin,
    (sql) => sql<Recorded[]>`
      select id, state, reason from private.backups order by started_at`,
  );

type Job = { attempts: number; max_attempts: number; last_error: string | null };

/** Enqueues the task as the schedule does, and waits until it is done (undefined) or has failed for good. */
export async function runNightly({ admin }: Drill): Promise<Job | undefined> {
  const entry = schedule.find(({ task }) => task === "back_up");
  const [job] = await using(
    admin,
    (sql) => sql<{ id: string }[]>`
      select id from graphile_worker.add_job('back_up', '{}'::json,
        max_attempts => ${entry?.options?.maxAttempts ?? 1})`,
  );
  return await vi.waitFor(
    async () => {
      const [left] = await using(
        admin,
        (sql) => sql<(Job & { locked_at: Date | null })[]>`
          select attempts, max_attempts, last_error, locked_at
          from graphile_worker._private_jobs where id = ${job?.id ?? ""}`,
      );
      if (left && (left.locked_at !== null || left.attempts < left.max_attempts)) {
        throw new Error(`the backup is under way: ${JSON.stringify(left)}`);
      }
      return left;
    },
    { timeout: 100_000, interval: 200 },
  );
}
