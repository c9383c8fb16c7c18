/**
 * Child processes of the launcher: each in a process group of its own (so that Ctrl-C reaches only
 * the launcher, which stops them in order), its output in the part's log, its number on file.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StackError } from "./errors.ts";
import { readIdentity } from "./lock.ts";
import { logFile } from "./logs.ts";
import { identify, isAlive, type ProcessIdentity } from "./process_identity.ts";
import { type StopSignal, unwatch, watch } from "./reaper.ts";

export type ChildSpec = {
  /** The part's name: its log and its file in `.data/run`. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
  cwd: string;
  /** How it is asked to stop (SIGTERM), and how long it may take before it is killed (5,000 ms). */
  stopSignal?: StopSignal;
  stopWithinMs?: number;
};

const pidFile = (dataDir: string, name: string) => path.join(dataDir, "run", `${name}.pid`);

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

/** One part's process: started again after it died, and never twice at a time. */
export class ChildPart {
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #spec: ChildSpec | undefined;
  #stopping = false;
  #onExit: (reason: string) => void = () => {};

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  onExit(listener: (reason: string) => void): void {
    this.#onExit = listener;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  pids(): number[] {
    return this.#child?.pid === undefined ? [] : [this.#child.pid];
  }

  /** @throws StackError when the program cannot be run. */
  async start(spec: ChildSpec): Promise<void> {
    this.#spec = spec;
    this.#stopping = false;
    const log = openSync(logFile(this.#dataDir, spec.name), "a", 0o600);
    const child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    if (child.pid !== undefined) {
      watch(child.pid, spec.stopSignal ?? "SIGTERM");
      const file = pidFile(this.#dataDir, spec.name);
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, JSON.stringify(identify(child.pid)), { mode: 0o600 });
    }
    this.#child = child;
    child.once("exit", (code, signal) => this.#ended(child, signal ?? `exit code ${code}`));
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => {
        this.#child = undefined;
        reject(new StackError(`${spec.name}: could not run ${spec.command}: ${error.message}`));
      });
    });
  }

  #ended(child: ChildProcess, reason: string): void {
    if (child.pid !== undefined) {
      // Whatever it started itself goes with it.
      signalGroup(child.pid, "SIGKILL");
      unwatch(child.pid);
    }
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#spec) rmSync(pidFile(this.#dataDir, this.#spec.name), { force: true });
    if (!this.#stopping) this.#onExit(reason);
  }

  /** Asks it to stop, and kills it when it takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    const spec = this.#spec;
    if (!child || !spec || child.pid === undefined) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    signalGroup(child.pid, spec.stopSignal ?? "SIGTERM");
    const late = new AbortController();
    const inTime = await Promise.race([
      gone.then(() => true),
      sleep(spec.stopWithinMs ?? 5000, false, { signal: late.signal }).catch(() => true),
    ]);
    late.abort();
    if (inTime) return;
    signalGroup(child.pid, "SIGKILL");
    await gone;
  }
}

/**
 * Stops what an earlier launcher on this data folder left behind (only if even its reaper was
 * killed). A number that belongs to another program by now is left alone.
 * @returns the names of the parts that were still running.
 */
export async function stopLeftovers(dataDir: string): Promise<string[]> {
  const folder = path.join(dataDir, "run");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const left: { name: string; who: ProcessIdentity }[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".pid"))) {
    const who = readIdentity(path.join(folder, file));
    if (who && isAlive(who)) left.push({ name: file.slice(0, -".pid".length), who });
    else rmSync(path.join(folder, file), { force: true });
  }
  // The reaper of a launcher killed a moment ago may be at work: give it its time first.
  const allGone = async (tries: number) => {
    for (let n = 0; n < tries && left.some(({ who }) => isAlive(who)); n += 1) await sleep(100);
    return !left.some(({ who }) => isAlive(who));
  };
  for (const { who, name } of left)
    signalGroup(who.pid, name === "postgres" ? "SIGINT" : "SIGTERM");
  if (!(await allGone(80))) {
    for (const { who } of left) if (isAlive(who)) signalGroup(who.pid, "SIGKILL");
    await allGone(30);
  }
  for (const { name } of left) rmSync(path.join(folder, `${name}.pid`), { force: true });
  return left.map(({ name }) => name);
}
