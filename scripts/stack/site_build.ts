/**
 * The portal's build, kept by the content it was made from: the same sources are built once, and a
 * running portal never loses the files under its feet. `npm start` and the tests share it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { claim, dropUnused } from "./build_cache.ts";
import { StackError } from "./errors.ts";
import { logEnd, logFile, tailSince } from "./logs.ts";
import { unwatch, watch } from "./reaper.ts";

const SOURCES = ["site", "functions/_shared/contracts", "package-lock.json"];
const NOT_SOURCES = new Set(["dist", ".astro", "e2e", "node_modules"]);

function* filesUnder(entry: string): Generator<string> {
  if (!statSync(entry).isDirectory()) {
    yield entry;
    return;
  }
  for (const name of readdirSync(entry).sort()) {
    if (NOT_SOURCES.has(name) || /\.test\.tsx?$/.test(name)) continue;
    yield* filesUnder(path.join(entry, name));
  }
}

function contentHash(root: string): string {
  const hash = createHash("sha256");
  for (const source of SOURCES.map((name) => path.join(root, name))) {
    if (!existsSync(source)) continue;
    for (const file of filesUnder(source)) {
      hash.update(path.relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** The log from its first error on, a few lines of it. */
function complaint(log: string): string {
  const lines = log.trim().split("\n");
  const first = lines.findIndex((line) => /error/i.test(line));
  return (first < 0 ? lines.slice(-8) : lines.slice(first, first + 8))
    .map((line) => `  ${line}`)
    .join("\n");
}

export type SiteBuild = {
  /** The folder with server/entry.mjs; rejects with StackError when the build fails. */
  readonly done: Promise<string>;
  /** Ends a build under way. */
  cancel(): void;
};

/**
 * Builds the portal, unless these very sources have been built before.
 * @param env what the build is given to run.
 * @param onBuild called when there is something to build.
 */
export function buildSite(
  root: string,
  dataDir: string,
  env: Record<string, string>,
  onBuild: () => void,
): SiteBuild {
  // Under node_modules, so that the built server finds its packages.
  const folder = path.join(root, "node_modules", ".cache", "kontor-site");
  const name = contentHash(root);
  const target = path.join(folder, name);
  // Before the look, so that no other start deletes it between that and its use.
  claim(folder, name);
  if (existsSync(path.join(target, "server", "entry.mjs"))) {
    try {
      utimesSync(target, new Date(), new Date());
    } catch {
      // Built by another user: then it only counts as older than it is.
    }
    return { done: Promise.resolve(target), cancel: () => {} };
  }
  onBuild();
  const unfinished = `${target}.${process.pid}`;
  const logStart = logEnd(dataDir, "portal");
  const log = openSync(logFile(dataDir, "portal"), "a", 0o600);
  const astro = path.join(root, "node_modules", "astro", "bin", "astro.mjs");
  const child: ChildProcess = spawn(
    process.execPath,
    [astro, "build", "--root", path.join(root, "site"), "--outDir", unfinished],
    {
      cwd: root,
      env: { ...env, NODE_ENV: "production", ASTRO_TELEMETRY_DISABLED: "1" },
      detached: true,
      stdio: ["ignore", log, log],
    },
  );
  closeSync(log);
  const { pid } = child;
  if (pid !== undefined) watch(pid, "SIGTERM");
  const done = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (pid !== undefined) unwatch(pid);
      if (code !== 0 || !existsSync(path.join(unfinished, "server", "entry.mjs"))) {
        rmSync(unfinished, { recursive: true, force: true });
        reject(
          new StackError(
            `the portal could not be built (${signal ?? code}), see ${logFile(dataDir, "portal")}:\n` +
              complaint(tailSince(dataDir, "portal", logStart)),
          ),
        );
        return;
      }
      try {
        renameSync(unfinished, target);
      } catch {
        // Another start built the same at the same time: its result is as good.
        rmSync(unfinished, { recursive: true, force: true });
      }
      dropUnused(folder);
      resolve(target);
    });
  });
  // Who awaits it comes later; a failure before that is not unhandled.
  done.catch(() => {});
  return {
    done,
    cancel: () => {
      try {
        if (pid !== undefined && child.exitCode === null) process.kill(-pid, "SIGKILL");
      } catch {
        // Ended meanwhile.
      }
    },
  };
}
