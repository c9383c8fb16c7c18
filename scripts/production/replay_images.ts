/**
 * `npm run images:replay`: replays the Dockerfiles of our three images without Docker, as far as that goes.
 * Copies what the builder would be given, installs, builds and prunes as they say, and starts what comes of
 * it as docker-compose.yml does, against a stack of its own.
 *
 *   npm run images:replay -- [--keep <folder>] [functions|tasks|site …]
 *
 * Left out: the base images (this machine's Node and Deno stand in), apt-get, users. `npm ci` runs once.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { createFilter, stagesOf } from "./dockerfile.ts";
import { startImages } from "./replay_start.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const IMAGES = ["functions", "tasks", "site"];

function copyFromRepository(source: string, target: string, passes: (file: string) => boolean) {
  const found = globSync(source, { cwd: ROOT });
  if (found.length === 0) throw new Error(`COPY ${source}: there is nothing`);
  for (const name of found) {
    const to = target.endsWith("/") ? path.join(target, path.basename(name)) : target;
    cpSync(path.join(ROOT, name), to, {
      recursive: true,
      filter: (file) => passes(path.relative(ROOT, file)),
    });
  }
}

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  execFileSync(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
}

/** Hard links: a stage costs no copy of node_modules. */
function link(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  run("cp", ["-al", from, to], ROOT, process.env);
}

/** @returns the folder with the last stage's files. */
function replay(image: string, folder: string, passes: (file: string) => boolean): string {
  const made = new Map<string, string>();
  let last = "";
  for (const stage of stagesOf(readFileSync(path.join(ROOT, image, "Dockerfile"), "utf8"))) {
    last = path.join(folder, image, stage.name);
    const base = made.get(stage.base);
    if (base) link(base, last);
    else mkdirSync(last, { recursive: true });
    made.set(stage.name, last);
    const env: NodeJS.ProcessEnv = { ...process.env };
    for (const { verb, args } of stage.steps)
      perform(verb, args, { folder, last, made, env, passes });
  }
  return last;
}

type Place = {
  folder: string;
  last: string;
  made: ReadonlyMap<string, string>;
  env: NodeJS.ProcessEnv;
  passes: (file: string) => boolean;
};

function perform(verb: string, args: string, { folder, last, made, env, passes }: Place): void {
  const words = args.split(/ +/);
  const target = words.at(-1) ?? "";
  const to = path.join(last, target) + (target.endsWith("/") ? "/" : "");
  if (verb === "ENV") {
    for (const word of words) {
      const [name = "", value = ""] = word.split("=");
      env[name] = value;
    }
  } else if (verb === "COPY" && words[0]?.startsWith("--from=")) {
    link(path.join(made.get(words[0].slice(7)) ?? "", (words[1] ?? "").replace("/app/", "")), to);
  } else if (verb === "COPY") {
    for (const source of words.slice(0, -1)) copyFromRepository(source, to, passes);
  } else if (verb === "RUN" && words[0] === "npm") {
    const installed = path.join(folder, "modules");
    if (!existsSync(installed)) {
      run("sh", ["-ec", args], last, env);
      link(path.join(last, "node_modules"), installed);
    } else link(installed, path.join(last, "node_modules"));
  } else if (verb === "RUN" && words[0] === "node") {
    run(process.execPath, words.slice(1), last, env);
  }
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { keep: { type: "string" } },
  });
  const folder = path.resolve(values.keep ?? mkdtempSync(path.join(tmpdir(), "kontor-images-")));
  const passes = createFilter(readFileSync(path.join(ROOT, ".dockerignore"), "utf8"));
  const made: Record<string, string> = {};
  try {
    for (const image of positionals.length > 0 ? positionals : IMAGES) {
      rmSync(path.join(folder, image), { recursive: true, force: true });
      made[image] = replay(image, folder, passes);
      const size = execFileSync("du", ["-sm", made[image]], { encoding: "utf8" }).split("\t")[0];
      console.log(`${image}: its files are made, ${size} MB`);
    }
    await startImages(made, (line) => console.log(line));
  } finally {
    if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main(process.argv.slice(2));
