/** Starts a whole stack as its own process, as `npm start` does; for tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../env.ts";
import { freePublicPorts } from "./ports.ts";
import { stackFile } from "./stack_file.ts";

export type SpawnedStack = {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly stackFile: string;
  /** The environment it runs with, to start it again on the same data and ports. */
  readonly env: Record<string, string>;
  /** All it printed so far. */
  output(): string;
  /** Resolves when it printed `kontor ready`; rejects with its output when it ends before. */
  ready(): Promise<void>;
  /** Its exit code, once it ended; null when a signal ended it. */
  exited(): Promise<number | null>;
  /** Stops it as Ctrl-C would, and waits. */
  stop(): Promise<number | null>;
};

/** A data folder and ports that nobody else uses. */
export async function freshEnv(): Promise<Record<string, string>> {
  return {
    KONTOR_DATA_DIR: path.join(mkdtempSync(path.join(tmpdir(), "kontor-")), "data"),
    ...(await freePublicPorts()),
  };
}

/** @param env from freshEnv(), and whatever is to be set besides. */
export function spawnStack(env: Record<string, string>): SpawnedStack {
  const child = spawn(process.execPath, [path.join(ROOT, "scripts", "stack", "main.ts")], {
    cwd: ROOT,
    // It stops when this process is gone, however it went.
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      KONTOR_PARENT_PID: String(process.pid),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const isReady = () => /^kontor ready/m.test(output);
  const dataDir = env.KONTOR_DATA_DIR ?? "";
  return {
    child,
    dataDir,
    stackFile: stackFile(dataDir),
    env,
    output: () => output,
    ready: () =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!isReady()) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void exited.then(() => {
          if (!isReady()) reject(new Error(`the stack ended before it was ready:\n${output}`));
        });
      }),
    exited: () => exited,
    stop: async () => {
      child.kill("SIGINT");
      return await exited;
    },
  };
}
