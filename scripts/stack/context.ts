/** Everything a part is told, worked out once from the environment, the secrets and the ports. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { type Env, ROOT } from "../env.ts";
import { appendLog } from "./logs.ts";
import type { LoginRole, Ports, Secrets, StackContext } from "./part.ts";

const HOST = "127.0.0.1";
const origin = (port: number) => `http://${HOST}:${port}`;

/** An external database's address with another login. */
function withLogin(databaseUrl: string, role: string, password: string): string {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = password;
  return url.toString();
}

/** The product's version, from package.json. */
function productVersion(): string {
  const file = readFileSync(path.join(ROOT, "package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(file)).version;
}

/** Works it out; `secrets` and `ports` are those of this start. */
export function createContext(env: Env, secrets: Secrets, ports: Ports): StackContext {
  const gateway = origin(ports.gateway);
  const { DATABASE_URL, SUPABASE_URL } = env;
  const databaseUrl = (role: LoginRole): string => {
    const password = secrets.databasePasswords[role];
    if (!DATABASE_URL) {
      return `postgresql://${role}:${password}@${HOST}:${ports.database}/postgres`;
    }
    // Its owner's login is what we were given; the others were made, with our passwords.
    if (role === "postgres" || role === "supabase_admin") return DATABASE_URL;
    return withLogin(DATABASE_URL, role, password);
  };
  return {
    root: ROOT,
    dataDir: env.KONTOR_DATA_DIR,
    secrets,
    ports,
    urls: {
      portal: origin(ports.portal),
      gateway,
      mail: env.SMTP_URL ? env.SMTP_URL : origin(ports.mail),
    },
    upstreams: {
      auth: SUPABASE_URL ? `${SUPABASE_URL}/auth/v1` : `${origin(ports.auth)}/auth/v1`,
      rest: SUPABASE_URL ? `${SUPABASE_URL}/rest/v1` : origin(ports.rest),
      functions: `${origin(ports.functions)}/functions/v1`,
      s3: env.S3_ENDPOINT ?? origin(ports.s3),
    },
    objectStore: {
      endpoint: env.S3_ENDPOINT ?? `${gateway}/storage/v1/s3`,
      region: env.S3_REGION,
      bucket: env.S3_BUCKET,
      accessKeyId: secrets.s3AccessKeyId,
      secretAccessKey: secrets.s3SecretAccessKey,
    },
    trustedProxies: env.TRUSTED_PROXIES,
    smtpUrl: env.SMTP_URL ?? `smtp://${HOST}:${ports.smtp}`,
    gotenbergUrl: env.GOTENBERG_URL ?? origin(ports.pdf),
    external: {
      database: DATABASE_URL !== undefined,
      supabase: SUPABASE_URL !== undefined,
      s3: env.S3_ENDPOINT !== undefined,
      smtp: env.SMTP_URL !== undefined,
      pdf: env.GOTENBERG_URL !== undefined,
    },
    version: productVersion(),
    databaseUrl,
    log: (part, text) => appendLog(env.KONTOR_DATA_DIR, part, text),
  };
}
