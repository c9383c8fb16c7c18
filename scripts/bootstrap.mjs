// The first file that runs, on whatever Node the machine has (>= 20) and with nothing installed:
// makes node_modules match package-lock.json, then hands over to the pinned Node 24.
//
//   node scripts/bootstrap.mjs <script relative to the repository> [arguments]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 20;
const PINNED_NODE = 24;

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, "node_modules");
const installLock = path.join(root, ".data", "install.lock");
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

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

/** Runs a command to its end; a signal to this process reaches the command as well. */
function runToEnd(command, args, options) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
  let stoppedBy;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      stoppedBy = signal;
      child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve({ code, signal, stoppedBy: stoppedBy ?? signal }));
  });
}

/** Two installs at once would undo each other: waits for one that runs, then holds the lock. */
async function lockInstall() {
  mkdirSync(path.dirname(installLock), { recursive: true, mode: 0o700 });
  for (let told = false; ; told = true) {
    try {
      writeFileSync(installLock, String(process.pid), { flag: "wx" });
      process.on("exit", () => rmSync(installLock, { force: true }));
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!isRunning(Number(readFileSync(installLock, "utf8")))) rmSync(installLock, { force: true });
    else if (!told) console.log("kontor: waiting for another install of this folder to end");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isRunning(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function install() {
  if (whatIsNotInstalled().length === 0) return;
  await lockInstall();
  const missing = whatIsNotInstalled();
  if (missing.length > 0) await npmCi(missing);
  rmSync(installLock, { force: true });
}

async function npmCi(missing) {
  const why =
    missing[0] === "everything"
      ? "nothing is installed yet"
      : `${missing.length} package(s) differ from package-lock.json, ${missing[0]} among them`;
  console.log(`kontor: npm ci (${why}); this takes one to three minutes`);
  const started = Date.now();
  // A machine that sets NODE_ENV=production would leave out what the embedded stack consists of;
  // npm itself runs on the old Node, and warns of every package that wants the new one.
  const args = ["ci", "--include=dev", "--include=optional", "--loglevel=error"];
  const end = await runToEnd("npm", args).catch((error) =>
    fail(`npm could not be run (${error.message}); install npm and try again`),
  );
  if (end.stoppedBy) fail(`npm ci was stopped (${end.stoppedBy}); run the command again`);
  if (end.code !== 0) {
    fail(
      "npm ci failed, see above. It needs the package registry once: without a network connection " +
        "nothing can be installed. When the connection is back, run the same command again.",
    );
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  // Not every machine has du; then its size goes unsaid.
  const size = spawnSync("du", ["-sk", modules], { encoding: "utf8" });
  const kilobytes = /^\d+/.exec(size.stdout ?? "")?.[0];
  const taken = kilobytes ? `, node_modules takes ${Math.round(Number(kilobytes) / 1024)} MB` : "";
  console.log(`kontor: installed in ${seconds} s${taken}`);
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

async function run(script, args) {
  const node = pinnedNode();
  // npm killed with -9 tells nobody; notice it, or what it started would run on unseen.
  const starters = startersOf();
  if (process.env.npm_lifecycle_event) {
    setInterval(() => {
      if (startersOf() !== starters) process.kill(process.pid, "SIGTERM");
    }, 1000).unref();
  }
  const end = await runToEnd(node, [path.resolve(root, script), ...args], {
    env: {
      ...process.env,
      PATH: `${path.join(modules, ".bin")}${path.delimiter}${process.env.PATH ?? ""}`,
      KONTOR_PARENT_PID: String(process.pid),
    },
  }).catch((error) => fail(`could not run ${script}: ${error.message}`));
  process.exit(end.signal ? 128 + (os.constants.signals[end.signal] ?? 0) : (end.code ?? 1));
}

const [script, ...args] = process.argv.slice(2);
if (majorOf(process.version) < OLDEST_NODE) {
  fail(`Node ${OLDEST_NODE} or newer is needed, this is ${process.version}`);
}
if (!script) fail("usage: node scripts/bootstrap.mjs <script> [arguments]");
await install();
await run(script, args);
