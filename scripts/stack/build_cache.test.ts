import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claim, dropUnused } from "./build_cache.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), "kontor-cache-"));
});
afterEach(() => rmSync(cache, { recursive: true }));

/** Folders from the oldest on, a minute apart. */
function make(...names: string[]): void {
  for (const [minutes, name] of names.entries()) {
    mkdirSync(path.join(cache, name));
    utimesSync(path.join(cache, name), minutes * 60, minutes * 60);
  }
}

function claimedByAnotherProcess(name: string): void {
  const module = path.join(import.meta.dirname, "build_cache.ts");
  const script = `import { claim } from ${JSON.stringify(module)}; claim(...process.argv.slice(1));`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", script, cache, name]);
  expect(ended.stderr.toString()).toBe("");
}

const folders = () => readdirSync(cache).filter((name) => name !== "users");

test("of those that nobody uses the newest stay", () => {
  make("a", "b", "c", "d");
  claim(cache, "d");
  dropUnused(cache);
  expect(folders()).toEqual(["b", "c", "d"]);
});

test("one that runs stays, and one that is being made; those of processes that ended go", () => {
  make("ended", "running", "making.17", "c", "d", "e");
  claim(cache, "running");
  claim(cache, "making");
  claimedByAnotherProcess("ended");
  dropUnused(cache);
  expect(folders()).toEqual(["c", "d", "e", "making.17", "running"]);
  expect(readdirSync(path.join(cache, "users"))).toEqual([
    `making.${process.pid}`,
    `running.${process.pid}`,
  ]);
});
