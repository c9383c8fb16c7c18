import type { Health } from "../../../../functions/_shared/contracts/health.ts";
import type { Backup } from "../../../../functions/_shared/contracts/system.ts";
import type { Tone } from "../../ui/Badge.tsx";

type Word = { label: string; tone: Tone };

export const HEALTH: Record<Health["status"], Word> = {
  ok: { label: "All well", tone: "green" },
  degraded: { label: "Degraded", tone: "amber" },
  down: { label: "Down", tone: "red" },
};

export const CHECK: Record<Health["checks"][keyof Health["checks"]]["status"], Word> = {
  ok: { label: "Up", tone: "green" },
  down: { label: "Down", tone: "red" },
  skipped: { label: "Not used", tone: "grey" },
};

export const BACKUP: Record<Backup["state"], Word> = {
  running: { label: "Running", tone: "blue" },
  proven: { label: "Proven", tone: "green" },
  failed: { label: "Failed", tone: "red" },
  damaged: { label: "Damaged", tone: "red" },
};

/** What the checked parts are called. */
export const PARTS: Record<string, string> = {
  database: "Database",
  auth: "Signing in",
  rest: "PostgREST",
  storage: "File store",
  functions: "Functions",
  worker: "Worker",
  queue: "Queue",
  backups: "Backups",
  pdf: "Documents",
  mail: "Mail",
};
