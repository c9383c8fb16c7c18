/** The environment of everything under scripts/, read here and nowhere else. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { telemetryVariables } from "../functions/_shared/telemetry/variables.ts";
import { trustedProxies } from "../site/server/http/address.ts";
import { backupVariables } from "./backup/variables.ts";
import { address, count, flag, oneOf, port } from "./env_values.ts";

export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const POSTGRES = address(/^postgres(ql)?$/, "postgres://user:password@host:5432/postgres");
const HTTP = /^https?$/;

const schema = z
  .object({
    KONTOR_DATA_DIR: z
      .string()
      .min(1)
      .default(".data")
      .transform((folder) => path.resolve(ROOT, folder)),
    PORTAL_PORT: port(3000),
    API_PORT: port(54321),
    DB_PORT: port(54322),
    MAIL_PORT: port(54324),
    TRUSTED_PROXIES: trustedProxies,
    /** Whether webhooks may go over http and into the own network. */
    WEBHOOK_ALLOW_PRIVATE: flag(),
    /** The worker knows the usual one. */
    WEBHOOK_RETRY_SCHEDULE: z.string().default(""),
    WEBHOOK_KEY: z.string().min(32, "needs at least 32 characters").optional(),
    LOG_LEVEL: oneOf(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),

    DATABASE_URL: POSTGRES.optional(),
    SUPABASE_URL: address(HTTP, "https://supabase.example.com").optional(),
    SUPABASE_ANON_KEY: z.string().min(1).optional(),
    SUPABASE_SERVICE_ROLE_KEY: z.string().min(1).optional(),
    JWT_SECRET: z.string().min(32, "needs at least 32 characters").optional(),
    S3_ENDPOINT: address(HTTP, "https://s3.example.com").optional(),
    S3_REGION: z.string().min(1).default("us-east-1"),
    S3_BUCKET: z.string().min(1).default("kontor"),
    S3_ACCESS_KEY_ID: z.string().min(1).optional(),
    S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
    /** The largest file that may be uploaded; the functions know the usual one. */
    MAX_UPLOAD_BYTES: count(1).optional(),
    /** Requests a minute; more than in production, for here one person is all the load there is. */
    RATE_LIMIT_PER_MINUTE: count(0).default(60_000),
    RATE_LIMIT_ADDRESS_PER_MINUTE: count(0).default(600),
    SMTP_URL: address(/^smtps?$/, "smtp://user:password@host:587").optional(),
    GOTENBERG_URL: address(HTTP, "http://host:3000").optional(),

    ...telemetryVariables,
    ...backupVariables,
    /** Restores only: the file with the private key that age-keygen wrote. */
    BACKUP_IDENTITY: z.string().min(1).optional(),

    /** How many orders `npm run bench` makes. */
    BENCH_ORDERS: count(10_000).default(1_000_000),
    /** A Redis for the bench of jobs to compare with BullMQ. */
    BENCH_REDIS_URL: address(/^rediss?$/, "redis://host:6379").optional(),

    /** Set by bootstrap.mjs: when that process is gone, the stack stops. */
    KONTOR_PARENT_PID: z.coerce.number().int().optional(),
    PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
    HOME: z.string().optional(),
    TMPDIR: z.string().optional(),
  })
  .superRefine((env, context) => {
    const together = (first: keyof typeof env, ...others: (keyof typeof env)[]) => {
      if (env[first] === undefined) return;
      for (const other of others) {
        if (env[other] !== undefined) continue;
        context.addIssue({ code: "custom", path: [other], message: `is needed with ${first}` });
      }
    };
    const keys = ["SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "JWT_SECRET"] as const;
    // Auth's users live in the database: one without the other would be two truths.
    together("SUPABASE_URL", "DATABASE_URL", ...keys);
    for (const key of keys) together(key, "SUPABASE_URL");
    together("S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY");

    const ports = ["PORTAL_PORT", "API_PORT", "DB_PORT", "MAIL_PORT"] as const;
    for (const [index, name] of ports.entries()) {
      const twin = ports.slice(0, index).find((other) => env[other] === env[name]);
      if (!twin) continue;
      context.addIssue({
        code: "custom",
        path: [name],
        message: `is ${env[name]}, and so is ${twin}: each needs a port of its own`,
      });
    }
  });

export type Env = z.infer<typeof schema>;

/** An environment that cannot be used; the message names every variable that is wrong. */
export class EnvError extends Error {}

/**
 * Validates the environment. An empty variable counts as unset.
 * @throws EnvError naming each wrong variable, a line each.
 */
export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    (issue) => `  ${issue.path.join(".") || "environment"}: ${issue.message}`,
  );
  throw new EnvError(`the environment is not usable:\n${[...new Set(lines)].join("\n")}`);
}

/** What a child process needs of the environment to run at all, and nothing more. */
export function childEnv(env: Env): Record<string, string> {
  return {
    PATH: env.PATH,
    ...(env.HOME === undefined ? {} : { HOME: env.HOME }),
    ...(env.TMPDIR === undefined ? {} : { TMPDIR: env.TMPDIR }),
    LANG: "C.UTF-8",
    NO_COLOR: "1",
    TZ: "UTC",
  };
}
