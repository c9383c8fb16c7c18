/** The stack's own secrets: made on the first start, kept in the data folder. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SignJWT } from "jose";
import { z } from "zod";
import type { Env } from "../env.ts";
import { StackError } from "./errors.ts";
import type { Secrets } from "./part.ts";

const password = z.string().min(16);
const schema = z.object({
  jwtSecret: z.string().min(32),
  webhookKey: z.string().min(32),
  anonKey: z.string().min(1),
  serviceRoleKey: z.string().min(1),
  databasePasswords: z.object({
    supabase_admin: password,
    postgres: password,
    authenticator: password,
    supabase_auth_admin: password,
    kontor_functions: password,
    kontor_worker: password,
  }),
  s3AccessKeyId: z.string().min(16),
  s3SecretAccessKey: z.string().min(32),
});

// Hexadecimal, so that nothing needs escaping in a URL or in SQL.
const random = (bytes: number) => randomBytes(bytes).toString("hex");

/** A key as Supabase makes them: an HS256 token with a role claim that outlives the installation. */
async function apiKey(role: "anon" | "service_role", secret: string): Promise<string> {
  return await new SignJWT({ role })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer("supabase")
    .setIssuedAt()
    .setExpirationTime("10y")
    .sign(new TextEncoder().encode(secret));
}

async function generate(): Promise<Secrets> {
  const jwtSecret = random(32);
  return {
    jwtSecret,
    webhookKey: random(32),
    anonKey: await apiKey("anon", jwtSecret),
    serviceRoleKey: await apiKey("service_role", jwtSecret),
    databasePasswords: {
      supabase_admin: random(24),
      postgres: random(24),
      authenticator: random(24),
      supabase_auth_admin: random(24),
      kontor_functions: random(24),
      kontor_worker: random(24),
    },
    s3AccessKeyId: random(10),
    s3SecretAccessKey: random(20),
  };
}

function write(file: string, secrets: Secrets): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function read(file: string): Secrets {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (schema.safeParse(kept).success) return schema.parse(kept);
    // What is younger than the file is made now.
    const completed = schema.parse(Object.assign({ webhookKey: random(32) }, kept));
    write(file, completed);
    return completed;
  } catch (error) {
    throw new StackError(
      `${file} is damaged (${error instanceof Error ? error.message.split("\n")[0] : error}); ` +
        "put back a copy of it: the database's passwords are in it",
    );
  }
}

/**
 * Reads or makes the secrets; the keys of an external Supabase replace ours.
 * @throws StackError when the file is damaged, or gone while the data made with it are still there.
 */
export async function loadSecrets(dataDir: string, env: Env): Promise<Secrets> {
  const file = path.join(dataDir, "secrets.json");
  if (!existsSync(file)) {
    if (existsSync(path.join(dataDir, "postgres"))) {
      throw new StackError(
        `${file} is missing, and the database beside it was made with its passwords; put back a ` +
          "copy of it, or start over with `npm run reset`",
      );
    }
    write(file, await generate());
  }
  const secrets = read(file);
  return {
    ...secrets,
    jwtSecret: env.JWT_SECRET ?? secrets.jwtSecret,
    webhookKey: env.WEBHOOK_KEY ?? secrets.webhookKey,
    anonKey: env.SUPABASE_ANON_KEY ?? secrets.anonKey,
    serviceRoleKey: env.SUPABASE_SERVICE_ROLE_KEY ?? secrets.serviceRoleKey,
    s3AccessKeyId: env.S3_ACCESS_KEY_ID ?? secrets.s3AccessKeyId,
    s3SecretAccessKey: env.S3_SECRET_ACCESS_KEY ?? secrets.s3SecretAccessKey,
  };
}
