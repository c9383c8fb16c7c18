/** pg_dump and pg_restore of a server's own major version: looked for, and run. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { splitPassword } from "../db/split_password.ts";
import { BackupError, MissingTools } from "./errors.ts";
import type { ToolPlaces } from "./settings.ts";

export type Tools = { readonly dump: string; readonly restore: string; readonly version: string };

/** Where packages put the programs of each major version. */
const FOLDERS = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/opt/homebrew/opt/libpq/bin",
];

function versionOf(program: string): string | undefined {
  if (!existsSync(program)) return undefined;
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return /\d+(\.\d+)*/.exec(stdout ?? "")?.[0];
}

/**
 * The programs of a major version: another one's pg_dump refuses a newer server, and its archives an
 * older pg_restore.
 * @throws MissingTools naming what was found instead.
 */
export function findTools(major: number, { pgDump, path: search }: ToolPlaces): Tools {
  const candidates = pgDump
    ? [pgDump]
    : [
        ...search.split(path.delimiter).filter(Boolean),
        ...FOLDERS.flatMap((at) => globSync(at)),
      ].map((folder) => path.join(folder, "pg_dump"));
  const found: string[] = [];
  for (const dump of new Set(candidates)) {
    const version = versionOf(dump);
    if (version === undefined) continue;
    const restore = path.join(path.dirname(dump), "pg_restore");
    if (version.split(".")[0] === String(major) && existsSync(restore)) {
      return { dump, restore, version };
    }
    found.push(`${version} (${dump})`);
  }
  const here = found.length === 0 ? "there is none here" : `here is only ${found.join(", ")}`;
  throw new MissingTools(
    `this database is on Postgres ${major}, which takes the pg_dump and pg_restore of ${major}; ` +
      `${here}: install postgresql-client-${major}, or set PG_DUMP to one`,
  );
}

export type Program = {
  readonly stdout: Readable;
  readonly stdin: NodeJS.WritableStream;
  /** @throws BackupError with what the program said when it failed. */
  readonly ended: Promise<void>;
};

/** Starts a program on a database; the password stays out of process lists. */
export function start(
  program: string,
  args: readonly string[],
  databaseUrl: string,
  signal?: AbortSignal,
): Program {
  const { url, password } = splitPassword(databaseUrl);
  const child = spawn(program, [...args, `--dbname=${url}`, "--no-password"], {
    env: { PATH: "/usr/bin:/bin", PGPASSWORD: password, LC_ALL: "C.UTF-8", PGTZ: "UTC" },
    stdio: ["pipe", "pipe", "pipe"],
    ...(signal && { signal }),
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_000);
  });
  // It may end before it has read all: what it said is the reason, not the broken pipe.
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, killed) => {
      if (code === 0) return resolve();
      const why = said.trim().split("\n").slice(-4).join("; ") || `ended with ${code ?? killed}`;
      reject(new BackupError(`${path.basename(program)}: ${why}`));
    });
  });
  ended.catch(() => {});
  return { stdout: child.stdout, stdin: child.stdin, ended };
}
