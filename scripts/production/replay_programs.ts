/** For replay_start.ts: programs of an image, started with this machine's Node and Deno. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../env.ts";
import { startOf } from "./dockerfile.ts";

const START_WITHIN_MS = 60_000;
const PATH = "/usr/local/bin:/usr/bin:/bin";

export type Env = Record<string, string>;
export type Say = (line: string) => void;

/** This machine's program for a name that an image brings. */
function programOf(name: string): string {
  if (name !== "deno") return process.execPath;
  const wrapper = path.join(ROOT, "node_modules", ".bin", "deno");
  return execFileSync(wrapper, ["eval", "console.log(Deno.execPath())"], {
    encoding: "utf8",
  }).trim();
}

/** Runs a program of an image to its end; its output, and its code. */
async function runOnce(folder: string, args: readonly string[], env: Env) {
  const child = spawn(process.execPath, [...args], {
    cwd: folder,
    env: { PATH, NODE_ENV: "production", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, output: output.trim() };
}

/** Runs one and expects it to end as told. */
export async function expectEnd(
  folder: string,
  args: readonly string[],
  env: Env,
  { code, words }: { code: number; words: RegExp },
  say: Say,
): Promise<void> {
  const end = await runOnce(folder, args, env);
  if (end.code !== code || !words.test(end.output)) {
    throw new Error(`${args.join(" ")} ended with ${end.code}:\n${end.output}`);
  }
  say(`tasks: ${args.join(" ")}: ${end.output.split("\n").at(-1)}`);
}

/** Starts an image's own command, and waits until its address answers. */
export async function startImage(image: string, folder: string, env: Env, url: string) {
  const text = readFileSync(path.join(ROOT, image, "Dockerfile"), "utf8");
  const { env: own, command } = startOf(text);
  const [program = "", ...args] = command;
  const child: ChildProcess = spawn(programOf(program), args, {
    cwd: folder,
    env: { PATH, ...own, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  for (const until = Date.now() + START_WITHIN_MS; ; await sleep(200)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return child;
    if (child.exitCode !== null || Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`${image} does not answer at ${url} (${answer?.status ?? "nothing"})`);
    }
  }
}

/** Ends it as `docker stop` does. */
export async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  child.kill("SIGTERM");
  await once(child, "exit");
  return child.exitCode;
}

export async function expectOk(
  what: string,
  url: string,
  init: RequestInit,
  say: Say,
): Promise<string> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${what}: ${response.status} ${text.slice(0, 300)}`);
  say(`${what}: ${response.status}`);
  return text;
}
