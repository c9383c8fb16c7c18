/** How the parts are. */
import { z } from "zod";

export const CHECKS = [
  "database",
  "auth",
  "rest",
  "storage",
  "functions",
  "worker",
  "queue",
  "backups",
  "pdf",
  "mail",
] as const;
export type CheckName = typeof CHECKS[number];

export const check = z.object({
  status: z.enum(["ok", "down", "skipped"]).meta({
    description: "skipped: this installation does not have the part.",
  }),
  latency_ms: z.number(),
  detail: z.string().optional().meta({
    description: "A word on why, for admins and for who asks from inside.",
  }),
}).meta({ id: "HealthCheck" });
export type Check = z.infer<typeof check>;

export const health = z.object({
  status: z.enum(["ok", "degraded", "down"]).meta({
    description:
      "degraded: orders can be taken, but files, jobs, documents, mail or backups are not well.",
  }),
  version: z.string(),
  checks: z.record(z.enum(CHECKS), check),
}).meta({ id: "Health" });
export type Health = z.infer<typeof health>;

export const alive = z.object({ status: z.literal("ok") });

/** What the worker answers of itself, inside the private network. */
export const workerAlive = z.object({ version: z.string(), node: z.string() });
