/**
 * Writes .env from .env.production.example with every secret made, and keeps what an .env has already:
 *
 *   node scripts/production/generate_env.ts [PORTAL_URL=https://… API_URL=https://… …]
 *
 * Nothing but Node is needed; on a server without it:
 *
 *   docker run --rm -v "$PWD:/app" -w /app -u "$(id -u):$(id -g)" node:24-trixie-slim \
 *     node scripts/production/generate_env.ts PORTAL_URL=…
 */
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";

const KEY_YEARS = 10;

// Hexadecimal: means nothing to a URL, a shell, a compose file or SQL.
const random = (characters: number) => randomBytes(characters / 2).toString("hex");

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A key as Supabase's services know them: an HS256 token with a role. */
export function signKey(role: "anon" | "service_role", secret: string, now = new Date()): string {
  const iat = Math.floor(now.getTime() / 1000);
  const exp = iat + KEY_YEARS * 365 * 86_400;
  const text = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ role, iss: "supabase", iat, exp })}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** What our programs are told about the mail server, out of what Supabase Auth is told. */
function smtpUrl({ SMTP_HOST, SMTP_PORT = "587", SMTP_USER, SMTP_PASSWORD }: NodeJS.Dict<string>) {
  if (!SMTP_HOST) return "";
  const scheme = SMTP_PORT === "465" ? "smtps" : "smtp";
  const login = SMTP_USER
    ? `${encodeURIComponent(SMTP_USER)}:${encodeURIComponent(SMTP_PASSWORD ?? "")}@`
    : "";
  return `${scheme}://${login}${SMTP_HOST}:${SMTP_PORT}`;
}

/** Every value that can be made, where there is none yet. */
export function complete(given: NodeJS.Dict<string>): Record<string, string> {
  const kept = (name: string, make: () => string) => given[name] || make();
  const JWT_SECRET = kept("JWT_SECRET", () => random(64));
  return {
    JWT_SECRET,
    ANON_KEY: kept("ANON_KEY", () => signKey("anon", JWT_SECRET)),
    SERVICE_ROLE_KEY: kept("SERVICE_ROLE_KEY", () => signKey("service_role", JWT_SECRET)),
    POSTGRES_PASSWORD: kept("POSTGRES_PASSWORD", () => random(40)),
    FUNCTIONS_DB_PASSWORD: kept("FUNCTIONS_DB_PASSWORD", () => random(40)),
    WORKER_DB_PASSWORD: kept("WORKER_DB_PASSWORD", () => random(40)),
    WEBHOOK_KEY: kept("WEBHOOK_KEY", () => random(64)),
    S3_ACCESS_KEY_ID: kept("S3_ACCESS_KEY_ID", () => random(20)),
    S3_SECRET_ACCESS_KEY: kept("S3_SECRET_ACCESS_KEY", () => random(40)),
    STUDIO_CRYPTO_KEY: kept("STUDIO_CRYPTO_KEY", () => random(32)),
    POOLER_SECRET_KEY: kept("POOLER_SECRET_KEY", () => random(64)),
    POOLER_VAULT_KEY: kept("POOLER_VAULT_KEY", () => random(32)),
    MINIO_ROOT_USER: kept("MINIO_ROOT_USER", () => random(16)),
    MINIO_ROOT_PASSWORD: kept("MINIO_ROOT_PASSWORD", () => random(40)),
    GRAFANA_PASSWORD: kept("GRAFANA_PASSWORD", () => random(32)),
    SMTP_URL: kept("SMTP_URL", () => smtpUrl(given)),
  };
}

/** As compose reads it: single quotes where a value has anything else than plain characters. */
function quoted(value: string): string {
  if (/^[\w./:@%+,=-]*$/.test(value)) return value;
  if (/['\n]/.test(value))
    throw new Error("a value with a single quote or a line end cannot be written");
  return `'${value}'`;
}

/** The template with its values replaced; what the template does not know is put at its end. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  const rest = new Map(Object.entries(values));
  const lines = template.split("\n").map((line) => {
    const name = /^([A-Z][A-Z0-9_]*)=/.exec(line)?.[1];
    const value = name === undefined ? undefined : rest.get(name);
    if (name === undefined || value === undefined) return line;
    rest.delete(name);
    return `${name}=${quoted(value)}`;
  });
  const more = [...rest].map(([name, value]) => `${name}=${quoted(value)}\n`);
  return lines.join("\n") + more.join("");
}

function main(args: readonly string[]): void {
  const root = path.resolve(import.meta.dirname, "../..");
  const file = path.join(root, ".env");
  const template = readFileSync(path.join(root, ".env.production.example"), "utf8");
  const old = existsSync(file) ? readFileSync(file, "utf8") : "";
  const told = Object.fromEntries(
    args.map((arg) => {
      const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(arg) ?? [];
      if (name === undefined || value === undefined) throw new Error(`${arg} is not NAME=value`);
      return [name, value];
    }),
  );
  const defaults = parseEnv(template);
  const given = { ...defaults, ...parseEnv(old), ...told };
  const values = Object.fromEntries(
    Object.entries({ ...given, ...complete(given) }).map(([name, value]) => [name, value ?? ""]),
  );
  // Only its owner may read it; a file half written is no file.
  writeFileSync(`${file}.new`, fill(template, values), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  const open = ["PORTAL_URL", "API_URL", "SMTP_HOST", "MAIL_FROM"].filter((name) => !values[name]);
  console.log(
    `${file} is written${open.length > 0 ? `; still to be set: ${open.join(", ")}` : ""}.`,
  );
}

if (import.meta.main) main(process.argv.slice(2));
