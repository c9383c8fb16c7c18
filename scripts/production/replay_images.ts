/**
 * Replays the Dockerfiles of our three images without Docker, as far as that goes: copies what the builder
 * would be given, installs, builds and prunes as they say, and leaves each image's files in a folder.
 *
 *   node scripts/production/replay_images.ts <folder> [functions|tasks|site …]
 *
 * Left out: the base images (this machine's Node and Deno stand in), apt-get, users. `npm ci` runs once.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");
const IMAGES = ["functions", "tasks", "site"];

export type Step = { readonly verb: string; readonly args: string };
export type Stage = {
  readonly base: string;
  readonly name: string;
  readonly steps: readonly Step[];
};

/** The stages of a Dockerfile, as far as ours go: no shell form of COPY, no ADD, no ARG. */
export function stagesOf(text: string): Stage[] {
  const lines = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replace(/\\\n\s*/g, "");
  return lines
    .split(/^FROM /m)
    .slice(1)
    .map((block, index) => {
      const [first = "", ...rest] = block.trim().split("\n");
      const [, base = "", name = String(index)] =
        /^(?:--\S+ )*(\S+)(?: AS (\w+))?$/.exec(first) ?? [];
      const steps = rest.flatMap((line) => {
        const [, verb, args] = /^([A-Z]+) (?:--(?!from)\S+ )*(.*)$/.exec(line) ?? [];
        return verb && args ? [{ verb, args }] : [];
      });
      return { base, name, steps };
    });
}

/** What .dockerignore lets through: `!` lets in, a later line takes out again. */
export function createFilter(text: string): (file: string) => boolean {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const rules = lines.map((line) => ({
    takes: !line.startsWith("!"),
    pattern: line.replace(/^!/, ""),
  }));
  const covers = (pattern: string, file: string) =>
    path.matchesGlob(file, pattern) || path.matchesGlob(file, `${pattern}/**`);
  return (file) => {
    let ignored = false;
    for (const { takes, pattern } of rules) if (covers(pattern, file)) ignored = takes;
    return !ignored;
  };
}

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
      run("npm", words.slice(1), last, env);
      link(path.join(last, "node_modules"), installed);
    } else link(installed, path.join(last, "node_modules"));
  } else if (verb === "RUN" && words[0] === "node") {
    run(process.execPath, words.slice(1), last, env);
  }
}

function main([folder, ...images]: readonly string[]): void {
  if (!folder) throw new Error("usage: replay_images.ts <folder> [functions|tasks|site …]");
  const passes = createFilter(readFileSync(path.join(ROOT, ".dockerignore"), "utf8"));
  for (const image of images.length > 0 ? images : IMAGES) {
    rmSync(path.join(folder, image), { recursive: true, force: true });
    const made = replay(image, path.resolve(folder), passes);
    const size = execFileSync("du", ["-sm", made], { encoding: "utf8" }).split("\t")[0];
    console.log(`${image}: ${made}, ${size} MB`);
  }
}

if (import.meta.main) main(process.argv.slice(2));
