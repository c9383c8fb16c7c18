import { z } from "zod";
import { telemetryVariables } from "../../../functions/_shared/telemetry/variables.ts";
import { trustedProxies } from "../../server/http/address.ts";

const environment = z.object({
  /** Where the server listens. */
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  /** Where Prometheus reads, inside the private network; not served when unset. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  TRUSTED_PROXIES: trustedProxies,
  /** The origin that people's browsers use; forms from any other origin are refused. */
  PORTAL_URL: z.url().default("http://127.0.0.1:3000"),
  /** The origin of the functions, inside the private network. */
  FUNCTIONS_URL: z.url().default("http://127.0.0.1:54321"),
  /** The origin of the object store as browsers reach it: they send and get files there. */
  STORAGE_URL: z.url().default("http://127.0.0.1:54321"),
  ...telemetryVariables,
  KONTOR_VERSION: z.string().default("0.0.0"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
});

/** The portal's settings: the only module that touches the process environment. Fails at start, naming what is wrong. */
export const env = read();

/** Makes the pages' build lend its handler only: by itself it would listen, as its adapter's option says. */
export function forbidOwnServer(): void {
  process.env.ASTRO_NODE_AUTOSTART = "disabled";
}

function read(): z.infer<typeof environment> {
  const set = Object.entries(process.env).filter(([, value]) => value !== "");
  const parsed = environment.safeParse(Object.fromEntries(set));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`portal settings: ${wrong.join("; ")}`);
}
