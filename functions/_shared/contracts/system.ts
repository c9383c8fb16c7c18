/** How this installation is: for its operators, who see across all tenants. */
import { z } from "zod";
import { timestamp, uuid } from "./common.ts";

const bytes = () => z.number().int().nonnegative();
const count = () => z.number().int().nonnegative();

/** What runs here; null: it did not say. */
export const versions = z.object({
  kontor: z.string(),
  postgres: z.string(),
  postgrest: z.string().nullable(),
  deno: z.string(),
  node: z.string().nullable().meta({ description: "The worker's." }),
  migration: z.string().nullable().meta({ description: "The latest that was applied." }),
}).meta({ id: "SystemVersions" });

export const taskQueue = z.object({
  task: z.string(),
  waiting: count().meta({ description: "Could run now." }),
  running: count(),
  scheduled: count().meta({ description: "Wait for their time, or to be tried again." }),
  failed: count().meta({ description: "Nobody tries them again by themselves." }),
}).meta({ id: "TaskQueue" });
export type TaskQueue = z.infer<typeof taskQueue>;

/** All tenants' jobs. */
export const systemQueue = z.object({
  waiting: count(),
  running: count(),
  scheduled: count(),
  failed: count(),
  oldest_seconds: z.number().nonnegative().meta({
    description: "How long the oldest job that could run has waited.",
  }),
  tasks: z.array(taskQueue).meta({ description: "Those that have any job, most jobs first." }),
}).meta({ id: "SystemQueue" });

export const slowQuery = z.object({
  query: z.string().meta({ description: "With placeholders, never with values." }),
  role: z.string().meta({ description: "The login or role that ran it." }),
  calls: count(),
  total_ms: z.number(),
  mean_ms: z.number(),
  max_ms: z.number(),
  rows: count(),
}).meta({ id: "SlowQuery" });
export type SlowQuery = z.infer<typeof slowQuery>;

/** What pg_stat_statements counted. */
export const slowQueries = z.object({
  available: z.boolean().meta({ description: "Whether the database counts statements." }),
  since: timestamp().nullable(),
  data: z.array(slowQuery).meta({ description: "Those that took most time in all, at most 25." }),
}).meta({ id: "SlowQueries" });

export const tenantStorage = z.object({
  id: uuid(),
  slug: z.string(),
  name: z.string(),
  attachments: bytes(),
  exports: bytes(),
  total: bytes(),
}).meta({ id: "TenantStorage" });
export type TenantStorage = z.infer<typeof tenantStorage>;

const stored = z.object({ count: count(), bytes: bytes() });

/** In bytes, as the database knows of them. */
export const systemStorage = z.object({
  database: bytes(),
  attachments: stored,
  exports: stored,
  backups: stored,
  tenants: z.array(tenantStorage).meta({ description: "The 50 that take most." }),
}).meta({ id: "SystemStorage" });

export const BACKUP_STATES = ["running", "proven", "failed", "damaged"] as const;

export const backup = z.object({
  id: z.string(),
  state: z.enum(BACKUP_STATES).meta({
    description:
      "proven: restored into a scratch database and found equal. damaged: was so, and has changed since.",
  }),
  started_at: timestamp(),
  ended_at: timestamp().nullable(),
  bytes: bytes().nullable(),
  reason: z.string().nullable().meta({ description: "Why it failed, or what is damaged." }),
}).meta({ id: "Backup" });
export type Backup = z.infer<typeof backup>;

/** The last one is the first of `latest`. */
export const systemBackups = z.object({
  ok: z.boolean().nullable().meta({
    description:
      "Whether the last that ended was proven within 36 hours, and none that is kept is damaged; null before the first.",
  }),
  last_proven_at: timestamp().nullable(),
  damaged: count(),
  latest: z.array(backup).meta({ description: "At most 14, newest first." }),
}).meta({ id: "SystemBackups" });

export const system = z.object({
  at: timestamp(),
  versions,
  queue: systemQueue,
  slow_queries: slowQueries,
  storage: systemStorage,
  backups: systemBackups,
}).meta({ id: "System" });
export type System = z.infer<typeof system>;
