// The first file that runs, on whatever Node the machine has (>= 20) and with nothing installed:
// makes node_modules match package-lock.json, then hands over to the pinned Node 24.
//
//   node scripts/bootstrap.mjs <script relative to the repository> [arguments]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 20;
const PINNED_NODE = 24;

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, "node_modules");

function fail(message) {
  console.error(`kontor: ${message}`);
  process.exit(1);
}

function majorOf(version) {
  return Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Optional packages are mostly builds for other machines; the one for this machine is needed. */
function isForThisMachine({ os: systems, cpu, libc }) {
  if (!systems?.includes(process.platform) || !cpu?.includes(process.arch)) return false;
  if (!libc) return true;
  return libc.includes(process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl");
}

/**
 * The packages that are missing or of another version. What lies in node_modules is looked at, not a
 * stamp of ours: an `npm ci` or `npm install` by hand counts as well, and npm's own record
 * (node_modules/.package-lock.json) is written last, but also by commands that install nothing.
 */
function whatIsNotInstalled() {
  const wanted = readJson(path.join(root, "package-lock.json"))?.packages;
  if (!wanted) {
    fail("package-lock.json is missing or unreadable; take it from the repository again");
  }
  if (!existsSync(path.join(modules, ".package-lock.json"))) return ["everything"];
  const missing = [];
  for (const [where, entry] of Object.entries(wanted)) {
    if (where === "" || entry.link) continue;
    const present = readJson(path.join(root, where, "package.json"));
    const isRight = present
      ? present.version?.replace(/^[v=]+/, "") === entry.version
      : entry.optional && !isForThisMachine(entry);
    if (!isRight) missing.push(where.replace(/^node_modules\//, ""));
  }
  return missing;
}

function install() {
  const missing = whatIsNotInstalled();
  if (missing.length === 0) return;
  const why =
    missing[0] === "everything"
      ? "nothing is installed yet"
      : `${missing.length} package(s) differ from package-lock.json, ${missing[0]} among them`;
  console.log(`kontor: npm ci (${why}); this takes one to three minutes`);
  const started = Date.now();
  // A machine that sets NODE_ENV=production would leave out what the embedded stack consists of;
  // npm itself runs on the old Node, and warns of every package that wants the new one.
  const npm = spawnSync("npm", ["ci", "--include=dev", "--include=optional", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (npm.error) fail(`npm could not be run (${npm.error.message}); install npm and try again`);
  if (npm.signal) fail(`npm ci was stopped by ${npm.signal}; run the command again`);
  if (npm.status !== 0) {
    fail(
      "npm ci failed, see above. It needs the package registry once: without a network connection " +
        "nothing can be installed. When the connection is back, run the same command again.",
    );
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  const size = spawnSync("du", ["-sk", modules], { encoding: "utf8" });
  const megabytes = Math.round(Number(/^\d+/.exec(size.stdout ?? "")?.[0] ?? 0) / 1024);
  console.log(`kontor: installed in ${seconds} s, node_modules takes ${megabytes} MB`);
}

/** The Node that runs everything after this file. */
function pinnedNode() {
  const candidates = [
    path.join(modules, `node-${process.platform}-${process.arch}`, "bin", "node"),
    process.execPath,
  ];
  for (const candidate of candidates) {
    if (!existsSync(candidate)) continue;
    const version =
      candidate === process.execPath
        ? process.version
        : (spawnSync(candidate, ["--version"], { encoding: "utf8" }).stdout ?? "");
    if (majorOf(version) >= PINNED_NODE) return candidate;
  }
  return fail(
    `no Node ${PINNED_NODE} for ${process.platform}-${process.arch} came with the packages and this ` +
      `machine's own is ${process.version}; install Node ${PINNED_NODE} or newer and try again`,
  );
}

/** Who started this process, and who that one: npm runs a script through a shell or without. */
function startersOf() {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]}`;
  } catch {
    return String(process.ppid);
  }
}

function run(script, args) {
  const child = spawn(pinnedNode(), [path.resolve(root, script), ...args], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${path.join(modules, ".bin")}${path.delimiter}${process.env.PATH ?? ""}`,
      KONTOR_PARENT_PID: String(process.pid),
    },
  });
  child.on("error", (error) => fail(`could not run ${script}: ${error.message}`));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  // npm killed with -9 tells nobody; notice it, or what it started would run on unseen.
  const starters = startersOf();
  if (process.env.npm_lifecycle_event) {
    setInterval(() => {
      if (startersOf() !== starters) child.kill("SIGTERM");
    }, 1000).unref();
  }
  child.on("exit", (code, signal) => {
    process.exit(signal ? 128 + (os.constants.signals[signal] ?? 0) : (code ?? 1));
  });
}

const [script, ...args] = process.argv.slice(2);
if (majorOf(process.version) < OLDEST_NODE) {
  fail(`Node ${OLDEST_NODE} or newer is needed, this is ${process.version}`);
}
if (!script) fail("usage: node scripts/bootstrap.mjs <script> [arguments]");
install();
run(script, args);
