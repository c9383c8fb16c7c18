/** One launcher per data folder. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { explain, StackError } from "./errors.ts";
import { identify, isAlive, type ProcessIdentity } from "./process_identity.ts";

const identitySchema = z.object({ pid: z.number().int().positive(), started: z.string() });

const lockFile = (dataDir: string) => path.join(dataDir, "lock");

/** Reads who wrote an identity file; undefined when there is none or it is not readable. */
export function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    return identitySchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** The launcher that holds the data folder now, if one runs. */
export function runningLauncher(dataDir: string): ProcessIdentity | undefined {
  const holder = readIdentity(lockFile(dataDir));
  return holder && isAlive(holder) ? holder : undefined;
}

/** Makes a folder and those above it. Node's own `recursive` never returns under /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another start was faster
  }
}

/** The data folder cannot be used: says why, and what to do. */
function unusable(dataDir: string, error: unknown): StackError {
  const advice = "set KONTOR_DATA_DIR to a folder that you may write to";
  return new StackError(`the data folder ${dataDir} cannot be used: ${explain(error)}; ${advice}`);
}

/**
 * Takes the data folder for this process; the lock of a launcher that was killed is taken over.
 * @returns a function that gives it back.
 * @throws StackError when another launcher is running on it, or it cannot be made or written to.
 */
export function takeLock(dataDir: string): () => void {
  try {
    makeFolder(dataDir);
  } catch (error) {
    throw unusable(dataDir, error);
  }
  const file = lockFile(dataDir);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(file, JSON.stringify(identify(process.pid)), { flag: "wx", mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
        throw unusable(dataDir, error);
      }
    }
    const holder = runningLauncher(dataDir);
    if (holder) {
      throw new StackError(
        `already running on ${dataDir} (process ${holder.pid}); stop it first, or set ` +
          "KONTOR_DATA_DIR and the ports for a second stack",
      );
    }
    // Renaming is atomic: of two that find the same stale lock, one moves it and the other finds none.
    const stale = `${file}.stale.${process.pid}`;
    try {
      renameSync(file, stale);
      rmSync(stale, { force: true });
    } catch {
      // The other one was faster.
    }
  }
  throw new StackError(`could not take the lock ${file}; another start is under way`);
}
