/**
 * Folders of finished work that several stacks of one checkout share, each named by the content it was
 * made from. A folder that a running process uses stays, however many newer ones there are.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readIdentity } from "./lock.ts";
import { identify, isAlive } from "./process_identity.ts";

/** Who uses which folder: `<folder's name>.<process>` holds the process' identity. */
const USERS = "users";
const KEPT = 3;

/** Says that this process uses a folder of the cache, or is about to make it. */
export function claim(cache: string, name: string): void {
  const users = path.join(cache, USERS);
  try {
    mkdirSync(users, { recursive: true });
    writeFileSync(
      path.join(users, `${name}.${process.pid}`),
      JSON.stringify(identify(process.pid)),
    );
  } catch {
    // The cache is another user's, who can delete it anyway.
  }
}

/** Deletes all but the newest folders and those in use. */
export function dropUnused(cache: string): void {
  const users = path.join(cache, USERS);
  const used = new Set<string>();
  for (const file of readdirSync(users)) {
    const who = readIdentity(path.join(users, file));
    if (who && isAlive(who)) used.add(nameOf(file));
    else rmSync(path.join(users, file), { force: true });
  }
  const folders = readdirSync(cache)
    .filter((name) => name !== USERS)
    .map((name) => ({ name, changedAt: statSync(path.join(cache, name)).mtimeMs }))
    .sort((a, b) => b.changedAt - a.changedAt);
  for (const { name } of folders.slice(KEPT)) {
    // Unfinished work stands beside its place, under the same name and a process' number.
    if (!used.has(nameOf(name))) rmSync(path.join(cache, name), { recursive: true, force: true });
  }
}

function nameOf(entry: string): string {
  return entry.replace(/\.\d+$/, "");
}
