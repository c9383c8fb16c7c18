/** The data folder of the embedded Postgres: made whole or not at all, judged before it is used. */
import { spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { StackError } from "../errors.ts";
import { appendLog } from "../logs.ts";
import { unwatch, watch } from "../reaper.ts";
import type { Account } from "./account.ts";
import { EMBEDDED, type Release } from "./binaries.ts";

const LEAST_FREE_BYTES = 100 * 1024 * 1024;

/** Gives a folder and all in it to another account; only root gets here. */
function giveTo(folder: string, account: Account): void {
  for (const entry of [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    const file = path.join(folder, entry);
    if (!lstatSync(file).isSymbolicLink()) chownSync(file, account.uid, account.gid);
  }
}

/**
 * Refuses a folder that this server cannot or should not open; changes nothing in it.
 * @throws StackError saying what is wrong and what to do.
 */
function judge(folder: string, major: string): void {
  const keep = "nothing was changed; put back a copy of the folder, or move it away to start anew";
  const versionFile = path.join(folder, "PG_VERSION");
  if (!existsSync(versionFile)) {
    throw new StackError(`the database in ${folder} is damaged (no PG_VERSION): ${keep}`);
  }
  const version = readFileSync(versionFile, "utf8").trim();
  if (version !== major) {
    throw new StackError(
      `the database in ${folder} was made by Postgres ${version || "?"}, this is Postgres ${major}; ` +
        "nothing was changed. Dump it with the old version and load it into a new one, or set " +
        "KONTOR_DATA_DIR to another folder",
    );
  }
  for (const needed of ["global/pg_control", "base", "pg_wal", "pg_hba.conf"]) {
    if (existsSync(path.join(folder, needed))) continue;
    throw new StackError(`the database in ${folder} is damaged (no ${needed}): ${keep}`);
  }
}

/**
 * Removes a postmaster.pid whose process is not a server on this folder: after a crash its number
 * may be another program's, and Postgres would then refuse to start. The launcher's lock makes sure
 * that nobody else is starting here.
 */
function dropStalePidFile(folder: string): void {
  const file = path.join(folder, "postmaster.pid");
  if (!existsSync(file) || process.platform !== "linux") return;
  const pid = readFileSync(file, "utf8").split("\n")[0] ?? "";
  let commandLine = "";
  try {
    commandLine = readFileSync(`/proc/${Number(pid)}/cmdline`, "utf8");
  } catch {
    // No such process.
  }
  if (!commandLine.includes(folder)) rmSync(file, { force: true });
}

/** Runs initdb to its end; it is stopped with the launcher. Resolves with its output. */
function initdb(
  command: string,
  args: string[],
  cwd: string,
): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { pid } = child;
    if (pid !== undefined) watch(pid, "SIGTERM");
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const end = (ok: boolean) => {
      if (pid !== undefined) unwatch(pid);
      resolve({ ok, output });
    };
    child.once("error", (error) => {
      output += error.message;
      end(false);
    });
    child.once("close", (code) => end(code === 0));
  });
}

/** What an attempt that was killed left behind. */
function dropUnfinished(folder: string): void {
  const parent = path.dirname(folder);
  const prefix = `${path.basename(folder)}.new-`;
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    rmSync(path.join(parent, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function create(
  folder: string,
  bin: string,
  account: Account,
  password: string,
  dataDir: string,
  locale: readonly string[],
): Promise<void> {
  dropUnfinished(folder);
  const unfinished = `${folder}.new-${process.pid}`;
  const passwordFile = path.join(dataDir, "run", "initdb-password");
  mkdirSync(unfinished, { mode: 0o700 });
  chownSync(unfinished, account.uid, account.gid);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  chownSync(passwordFile, account.uid, account.gid);
  try {
    const { command, args } = account.wrap(path.join(bin, "initdb"), [
      `--pgdata=${unfinished}`,
      "--username=supabase_admin",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      ...locale,
      "--lc-messages=C",
      "--data-checksums",
    ]);
    const { ok, output } = await initdb(command, args, unfinished);
    appendLog(dataDir, "postgres", output);
    if (!ok) {
      rmSync(unfinished, { recursive: true, force: true });
      if (/No space left on device/.test(output)) {
        throw new StackError("the disk is full: the database could not be made; make room first");
      }
      const why = output.split("\n").find((line) => /error|fatal|could not/i.test(line));
      throw new StackError(`initdb failed: ${why ?? "see logs/postgres.log"}`);
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, folder);
}

/**
 * Makes the cluster on the first start and checks it on later ones.
 * @returns whether it was made now.
 * @throws StackError when the folder is damaged, of another version, or the disk is full.
 */
export async function ensureCluster(
  folder: string,
  bin: string,
  account: Account,
  password: string,
  dataDir: string,
  { major, locale }: Release = EMBEDDED,
): Promise<boolean> {
  const { bavail, bsize } = statfsSync(dataDir);
  const freeMegabytes = Math.floor((bavail * bsize) / 1024 / 1024);
  if (bavail * bsize < LEAST_FREE_BYTES) {
    throw new StackError(
      `the disk of ${dataDir} is full (${freeMegabytes} MB left); make room and start again, ` +
        "nothing is lost",
    );
  }
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  const isNew = !existsSync(folder);
  if (isNew) await create(folder, bin, account, password, dataDir, locale);
  judge(folder, major);
  dropStalePidFile(folder);
  if (lstatSync(folder).uid !== account.uid) giveTo(folder, account);
  return isNew;
}
