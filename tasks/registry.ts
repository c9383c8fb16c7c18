/** Every task there is, by the name that SQL and code enqueue it under. */
import { pruneExpired } from "./prune_expired.ts";
import type { Task } from "./task.ts";

export const registry = {
  prune_expired: pruneExpired,
} satisfies Readonly<Record<string, Task>>;

export type TaskName = keyof typeof registry;
