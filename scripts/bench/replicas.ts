/** More processes of a part of the running stack, each told what that one was told. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../env.ts";

const READY_MS = 30_000;

export type Replicas = AsyncDisposable & {
  /** Of each, the original left out: http://127.0.0.1:<port>. */
  readonly origins: readonly string[];
};

type Program = {
  /** The part's process: its environment, and its command line when no other is given. */
  readonly pid: number;
  readonly command?: readonly string[];
  /** What answers 200 once it is ready. */
  readonly livez: string;
};

const split = (text: string) => text.split("\0").filter(Boolean);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/**
 * Starts so many, and waits until they answer. Linux only: what the original was told is read in /proc.
 * @throws Error when one does not come up.
 */
export async function startReplicas(count: number, program: Program): Promise<Replicas> {
  const { pid, livez } = program;
  // METRICS_PORT is one process's.
  const settings = split(readFileSync(`/proc/${pid}/environ`, "utf8")).filter(
    (line) => !line.startsWith("METRICS_PORT="),
  );
  const env = Object.fromEntries(
    settings.map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const [command = "", ...args] =
    program.command ?? split(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  const children: ChildProcess[] = [];
  const origins: string[] = [];
  const dispose = async () => {
    const ended = children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => {
        child.kill("SIGTERM");
        return once(child, "exit");
      });
    await Promise.all(ended);
  };
  try {
    for (let number = 0; number < count; number += 1) {
      const port = await freePort();
      const stdio = ["ignore", "ignore", "inherit"] as const;
      children.push(
        spawn(command, args, { cwd: ROOT, env: { ...env, PORT: String(port) }, stdio: [...stdio] }),
      );
      origins.push(`http://127.0.0.1:${port}`);
    }
    for (const origin of origins) await answers(`${origin}${livez}`);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { origins, [Symbol.asyncDispose]: dispose };
}

async function answers(url: string): Promise<void> {
  for (const began = performance.now(); performance.now() - began < READY_MS; await sleep(100)) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
  }
  throw new Error(`${url} did not answer`);
}
