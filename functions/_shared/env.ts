/** The functions' settings: the only module that reads the environment. Missing ones stop the start. */
import { z } from "zod";
import { telemetryVariables } from "./telemetry/variables.ts";

const optionalUrl = z.url().optional();

const schema = z.object({
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535),
  /** Where Prometheus reads, inside the private network; not served when unset. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** The role kontor_functions; nobody else's. */
  DATABASE_URL: z.url(),
  /** Where analysts reach the database, without a login; the same as ours when unset. */
  ANALYSTS_DATABASE_URL: optionalUrl,
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(200).default(10),
  JWT_SECRET: z.string().min(32),
  SUPABASE_URL: z.url(),
  SUPABASE_ANON_KEY: z.string().min(1),
  /** The origin of the portal's pages: writes with its cookie are taken from there only. */
  PORTAL_URL: z.url(),
  WORKER_URL: optionalUrl,
  /** PostgREST's admin server, which says how it is while all its connections are taken. */
  REST_ADMIN_URL: optionalUrl,
  /** As browsers reach it: what is signed for them holds for this address only. */
  S3_ENDPOINT: optionalUrl,
  /** As the functions themselves reach it; the same when unset. */
  S3_INTERNAL_ENDPOINT: optionalUrl,
  S3_REGION: z.string().optional(),
  S3_BUCKET: z.string().optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  /** Requests a minute of one person or API key, and of an address without either; 0 is no limit. */
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).default(6_000),
  RATE_LIMIT_ADDRESS_PER_MINUTE: z.coerce.number().int().min(0).default(600),
  /** The largest file that may be uploaded. */
  MAX_UPLOAD_BYTES: z.coerce.number().int().min(1).max(5 * 1024 ** 3).default(50 * 1024 ** 2),
  /** How long an upload may begin after it was announced. */
  UPLOAD_URL_SECONDS: z.coerce.number().int().min(1).max(86_400).default(3_600),
  /** Seals the secrets that webhooks are signed with; the worker has the same. */
  WEBHOOK_KEY: z.string().min(32),
  /** Whether webhooks may go over http and into the own network. */
  WEBHOOK_ALLOW_PRIVATE: z.stringbool().default(false),
  SMTP_URL: optionalUrl,
  GOTENBERG_URL: optionalUrl,
  ...telemetryVariables,
  KONTOR_VERSION: z.string().default("0.0.0"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

export type Env = z.infer<typeof schema>;

function read(): Env {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, Deno.env.get(name)])
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The functions cannot start; set these variables:\n${lines.join("\n")}`);
}

export const env: Env = read();
