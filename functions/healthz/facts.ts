/** What the database knows of jobs and backups: asked once for both checks. */
import { sql } from "../_shared/pool.ts";

type Facts = {
  readonly queue_seconds: number;
  /** Null before the first backup. */
  readonly backup_state: "proven" | "failed" | "damaged" | null;
  readonly backup_late: boolean;
  readonly backups_damaged: number;
};

let running: Promise<Facts> | undefined;

/** @throws the database's error. */
export function facts(): Promise<Facts> {
  running ??= read().finally(() => {
    running = undefined;
  });
  return running;
}

async function read(): Promise<Facts> {
  const [row] = await sql<Facts[]>`select * from private.health_facts()`;
  if (row === undefined) throw new Error("the database knows nothing");
  return row;
}
