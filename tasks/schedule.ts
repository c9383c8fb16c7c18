/** What runs by the clock (UTC): minute, hour, day of month, month, day of week. */
import type { CronItem } from "graphile-worker";
import type { TaskName } from "./registry.ts";

type Entry = CronItem & { task: TaskName };

export const schedule: Entry[] = [
  { match: "* * * * *", task: "seal_audit", options: { maxAttempts: 1 } },
  { match: "17 * * * *", task: "prune_expired", options: { maxAttempts: 3 } },
  { match: "27 * * * *", task: "expire_exports", options: { maxAttempts: 3 } },
  { match: "* * * * *", task: "tend_webhooks", options: { maxAttempts: 1 } },
  { match: "7 1 * * *", task: "back_up", options: { maxAttempts: 2 } },
  { match: "37 2 * * *", task: "sweep_uploads", options: { maxAttempts: 3 } },
  { match: "7 2 * * *", task: "tend_audit", options: { maxAttempts: 3 } },
  { match: "47 2 * * *", task: "purge_trash", options: { maxAttempts: 3 } },
];
