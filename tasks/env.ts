/** The worker's environment: the only module of the worker that reads process.env. */
import { z } from "zod";

const schema = z.object({
  /** The database, as kontor_worker. */
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// address"),
  /** Where /livez is served. */
  PORT: z.coerce.number().int().min(1).max(65_535),
  /** Loopback, unless whoever asks for /livez runs in another container of a private network. */
  HOST: z.string().min(1).default("127.0.0.1"),
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
