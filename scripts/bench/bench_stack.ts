/** The bench's own stack: started twice on a new data folder, and what a client of it needs. */
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { readEnv } from "../env.ts";
import { readIdentity } from "../stack/lock.ts";
import { measureMemory, type PartMemory } from "../stack/memory.ts";
import type { LoginRole } from "../stack/part.ts";
import { freePublicPorts } from "../stack/ports.ts";
import { loadSecrets } from "../stack/secrets.ts";
import { freshEnv, type SpawnedStack, spawnStack } from "../stack/spawn_stack.ts";
import { readStackFile } from "../stack/stack_file.ts";

const SETTLE_MS = 5000;

export type BenchStack = AsyncDisposable & {
  /** The functions as a client reaches them, up to and with /functions/v1. */
  readonly gateway: string;
  /** The same on the portal's origin. */
  readonly portal: string;
  /** The same without the gateway; undefined where the port cannot be found out (not on Linux). */
  readonly direct: string | undefined;
  readonly dataDir: string;
  /** The object store as a browser reaches it. */
  readonly store: string;
  /** The process of a part that runs as one. @throws Error when it does not run. */
  pid(part: string): number;
  /** Seconds until `kontor ready`; undefined when the data folder existed before. */
  readonly firstStart: number | undefined;
  readonly laterStart: number;
  /** A while after the start, before anything was asked of it. */
  readonly idleMemory: readonly PartMemory[];
  databaseUrl(role: LoginRole): string;
  /** Signs somebody new up. */
  signUp(email: string): Promise<{ id: string; token: string }>;
};

async function timed(env: Record<string, string>): Promise<[SpawnedStack, number]> {
  const began = performance.now();
  const stack = spawnStack(env);
  await stack.ready();
  return [stack, (performance.now() - began) / 1000];
}

/** The port that the functions listen on, from their process. */
function functionsPort(dataDir: string): string | undefined {
  const pid = readIdentity(path.join(dataDir, "run", "functions.pid"))?.pid;
  const environment = `/proc/${pid}/environ`;
  if (pid === undefined || !existsSync(environment)) return undefined;
  return /(?:^|\0)PORT=(\d+)/.exec(readFileSync(environment, "utf8"))?.[1];
}

const session = z.object({ access_token: z.string(), user: z.object({ id: z.string() }) });

/**
 * Starts it, twice when the folder is new.
 * @param dataDir kept when it is given, made and removed when not.
 * @param settings of its environment besides.
 * @throws Error with the stack's output when it does not come up.
 */
export async function startBenchStack(
  dataDir: string | undefined,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchStack> {
  const place =
    dataDir === undefined
      ? await freshEnv()
      : { ...(await freePublicPorts()), KONTOR_DATA_DIR: path.resolve(dataDir) };
  const env: Record<string, string> = { ...place, ...settings };
  const folder = env.KONTOR_DATA_DIR ?? "";
  let firstStart: number | undefined;
  if (!existsSync(path.join(folder, "secrets.json"))) {
    const [first, seconds] = await timed(env);
    firstStart = seconds;
    await first.stop();
  }
  const [stack, laterStart] = await timed(env);
  await sleep(SETTLE_MS);
  const idleMemory = measureMemory(folder);
  const file = readStackFile(stack.stackFile);
  const secrets = await loadSecrets(folder, readEnv(env));
  const port = functionsPort(folder);
  return {
    gateway: `${file.api_url}/functions/v1`,
    portal: `${file.portal_url}/api`,
    direct: port === undefined ? undefined : `http://127.0.0.1:${port}/functions/v1`,
    dataDir: folder,
    store: file.s3.endpoint,
    pid(part) {
      const pid = readIdentity(path.join(folder, "run", `${part}.pid`))?.pid;
      if (pid === undefined) throw new Error(`${part} is not running`);
      return pid;
    },
    firstStart,
    laterStart,
    idleMemory,
    databaseUrl(role) {
      const url = new URL(file.database_url);
      url.username = role;
      url.password = secrets.databasePasswords[role];
      return url.href;
    },
    async signUp(email) {
      const response = await fetch(`${file.api_url}/auth/v1/signup`, {
        method: "POST",
        headers: { apikey: file.anon_key, "content-type": "application/json" },
        body: JSON.stringify({ email, password: "kontor-bench", data: { name: email } }),
      });
      const { access_token, user } = session.parse(await response.json());
      return { id: user.id, token: access_token };
    },
    async [Symbol.asyncDispose]() {
      await stack.stop();
      if (dataDir === undefined) await rm(path.dirname(folder), { recursive: true, force: true });
    },
  };
}
