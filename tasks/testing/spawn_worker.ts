/** Workers of a test's own, beside that of the stack. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { inject } from "vitest";
import { readEnv } from "../../scripts/env.ts";
import { loadSecrets } from "../../scripts/stack/secrets.ts";
import { stack } from "../../scripts/stack/testing.ts";

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

export type SpawnedWorker = {
  readonly child: ChildProcess;
  /** What its connections are called, beside those of its pool. */
  readonly name: string;
  /** What it has logged so far. */
  log(): string;
  /** The status of /livez; 0 while nobody answers. */
  livez(): Promise<number>;
  metrics(): Promise<string>;
};

type Options = {
  /** Default: as kontor_worker. */
  databaseUrl?: string;
  /** tasks/main.ts, or another program that calls `work`. */
  program?: string;
  args?: readonly string[];
  env?: Record<string, string>;
};

const children = new Set<ChildProcess>();

const stackSecrets = () => loadSecrets(path.dirname(inject("stackFile")), readEnv({}));

/** The database with the rights that the stack's worker has. */
async function ownUrl(): Promise<string> {
  const secrets = await stackSecrets();
  const url = new URL(stack().database_url);
  url.username = "kontor_worker";
  url.password = secrets.databasePasswords.kontor_worker;
  return url.href;
}

/** Starts one. */
export async function spawnWorker(options: Options = {}): Promise<SpawnedWorker> {
  const { databaseUrl = await ownUrl(), program = "tasks/main.ts", args = [], env = {} } = options;
  const name = `test-worker-${randomUUID().slice(0, 8)}`;
  const url = new URL(databaseUrl);
  url.searchParams.set("application_name", name);
  // Notes of tests need not outlive the machine.
  if (options.program !== undefined) url.searchParams.set("synchronous_commit", "off");
  const port = await freePort();
  const { s3, portal_url } = stack();
  const child = spawn(process.execPath, [program, ...args], {
    env: {
      DATABASE_URL: url.href,
      PORT: String(port),
      LOG_LEVEL: "warn",
      PORTAL_URL: portal_url,
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.access_key_id,
      S3_SECRET_ACCESS_KEY: s3.secret_access_key,
      SMTP_URL: "smtp://127.0.0.1:1",
      WEBHOOK_KEY: (await stackSecrets()).webhookKey,
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  let log = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const get = async (path: string) => await fetch(`http://127.0.0.1:${port}${path}`);
  return {
    child,
    name,
    log: () => log,
    livez: async () => {
      try {
        return (await get("/livez")).status;
      } catch {
        return 0;
      }
    },
    metrics: async () => await (await get("/metrics")).text(),
  };
}

/** Ends all that still run, at once. */
export async function killWorkers(): Promise<void> {
  const ended = [...children].map((child) => once(child, "exit"));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(ended);
}
