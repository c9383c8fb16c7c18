/** What each part of the running stack takes of the machine's memory. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { readEnv } from "../env.ts";
import { readIdentity, runningLauncher } from "./lock.ts";

export type PartMemory = { part: string; processes: number; megabytes: number };

/** Every process's parent. */
function parents(): Map<number, number> {
  const table = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" });
  return new Map(
    table
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([pid = 0, parent = 0]) => [pid, parent]),
  );
}

function parentsFromProc(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      found.set(Number(name), Number(fields[1]));
    } catch {
      // Ended meanwhile.
    }
  }
  return found;
}

/** Kilobytes; pages shared by several processes count as a share in each (PSS), on macOS in full. */
function kilobytes(pid: number): number {
  if (process.platform !== "linux") {
    return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }));
  }
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  } catch {
    // Another user's process, or gone.
    return 0;
  }
}

/** The memory of each part of the stack on this data folder, the launcher's own parts as one. */
export function measureMemory(dataDir: string): PartMemory[] {
  const launcher = runningLauncher(dataDir);
  if (!launcher) return [];
  const folder = path.join(dataDir, "run");
  const roots = readdirSync(folder)
    .filter((name) => name.endsWith(".pid"))
    .flatMap((name) => {
      const who = readIdentity(path.join(folder, name));
      return who ? [{ part: name.slice(0, -".pid".length), pid: who.pid }] : [];
    });
  const parentOf = process.platform === "linux" ? parentsFromProc() : parents();
  const family = (root: number): number[] => [
    root,
    ...[...parentOf].filter(([, parent]) => parent === root).flatMap(([pid]) => family(pid)),
  ];
  const measure = (part: string, pids: number[]): PartMemory => ({
    part,
    processes: pids.length,
    megabytes: pids.reduce((sum, pid) => sum + kilobytes(pid), 0) / 1024,
  });
  return [
    measure("launcher (gateway, auth, s3, mail)", [launcher.pid]),
    ...roots.map(({ part, pid }) => measure(part, family(pid))),
  ];
}

/** The table as lines of text, with the sum. */
export function memoryTable(rows: readonly PartMemory[]): string {
  const line = (part: string, processes: number, megabytes: number) =>
    `  ${part.padEnd(36)}${String(processes).padStart(9)}${megabytes.toFixed(0).padStart(8)} MB`;
  const sum = (pick: (row: PartMemory) => number) => rows.reduce((all, row) => all + pick(row), 0);
  return [
    `  ${"part".padEnd(36)}processes  memory`,
    ...rows.map((row) => line(row.part, row.processes, row.megabytes)),
    line(
      "together",
      sum((row) => row.processes),
      sum((row) => row.megabytes),
    ),
  ].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rows = measureMemory(readEnv().KONTOR_DATA_DIR);
  if (rows.length === 0) {
    console.error("kontor: no stack is running on this data folder; run `npm start` first");
    process.exitCode = 1;
  } else {
    console.log(memoryTable(rows));
  }
}
