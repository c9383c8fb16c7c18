/** The worker's environment: the only module of the worker that reads process.env. */
import { z } from "zod";
import { telemetryVariables } from "../functions/_shared/telemetry/variables.ts";
import { backupVariables } from "../scripts/backup/variables.ts";
import { retrySchedule } from "./webhooks/retry_schedule.ts";

const schema = z.object({
  /** The database, as kontor_worker. */
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// address"),
  /** Where /livez is served. */
  PORT: z.coerce.number().int().min(1).max(65_535),
  /** Loopback, unless whoever asks for /livez runs in another container of a private network. */
  HOST: z.string().min(1).default("127.0.0.1"),
  /** How many jobs run at once. */
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(10),
  S3_ENDPOINT: z.url(),
  S3_REGION: z.string().min(1),
  S3_BUCKET: z.string().min(1),
  S3_ACCESS_KEY_ID: z.string().min(1),
  S3_SECRET_ACCESS_KEY: z.string().min(1),
  /** Where mail is handed in. */
  SMTP_URL: z.url(),
  /** The address that mails come from; unset: no-reply at the portal's host. */
  MAIL_FROM: z.email().optional(),
  /** Where documents are rendered; unset: they are not. */
  GOTENBERG_URL: z.url().optional(),
  /** Where people open the portal: what links in mails begin with. */
  PORTAL_URL: z.url(),
  /** How many webhooks' endpoints are sent to at once. */
  WEBHOOK_CONCURRENCY: z.coerce.number().int().min(1).max(150).default(50),
  /** Opens the secrets that webhooks are signed with; the functions' one. */
  WEBHOOK_KEY: z.string().min(32),
  /** Whether webhooks may go over http and into the own network. */
  WEBHOOK_ALLOW_PRIVATE: z.stringbool().default(false),
  /** The waits after the first, second, third failure … of a delivery. */
  WEBHOOK_RETRY_SCHEDULE: retrySchedule,
  ...backupVariables,
  ...telemetryVariables,
  /** Where pg_dump is looked for. */
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
  KONTOR_VERSION: z.string().default("0.0.0"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
});

export type Env = z.output<typeof schema>;

/**
 * Reads and checks the environment.
 * @throws Error naming every variable that is missing or wrong, one a line.
 */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Env {
  const present = Object.entries(source).filter(([, value]) => value !== undefined && value !== "");
  const result = schema.safeParse(Object.fromEntries(present));
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The worker's environment is not complete:\n${faults.join("\n")}`);
}
