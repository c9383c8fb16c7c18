/** The bootstrap: hands over as if it were not there, and says what to do when it cannot install. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "./env.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "kontor bootstrap "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Run = { code: number | null; output: string };

function run(bootstrap: string, args: string[], onOutput?: (pid: number) => void): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bootstrap, ...args], {
      cwd: tmpdir(),
      env: { ...process.env, npm_config_offline: "true", npm_config_cache: `${folder}/cache` },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (child.pid !== undefined) onOutput?.(child.pid);
      });
    }
    child.once("close", (code) => resolve({ code, output }));
  });
}

const ours = path.join(ROOT, "scripts", "bootstrap.mjs");

function script(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

it("runs a script on Node 24 in the repository's root, with its arguments and exit code", async () => {
  const file = script(
    "echo.ts",
    `const told: string[] = process.argv.slice(2);
     console.log(JSON.stringify([process.version, told, process.cwd(), process.env.PATH]));
     process.exitCode = 7;`,
  );
  const { code, output } = await run(ours, [file, "two words", "--flag"]);
  expect(code).toBe(7);
  const [version, args, cwd, searchPath] = JSON.parse(output);
  expect(version).toMatch(/^v24\./);
  expect(args).toEqual(["two words", "--flag"]);
  expect(cwd).toBe(ROOT);
  expect(searchPath.split(":")[0]).toBe(path.join(ROOT, "node_modules", ".bin"));
});

it("passes signals on and reports the end they caused", async () => {
  const file = script(
    "wait.ts",
    `process.on("SIGTERM", () => process.exit(9));
     console.log("waiting");
     setInterval(() => {}, 1000);`,
  );
  const { code } = await run(ours, [file], (pid) => process.kill(pid, "SIGTERM"));
  expect(code).toBe(9);
});

it("says what is missing and that the registry is needed, when it cannot be reached", async () => {
  const clone = path.join(folder, "bare clone");
  mkdirSync(path.join(clone, "scripts"), { recursive: true });
  cpSync(ours, path.join(clone, "scripts", "bootstrap.mjs"));
  const left = { name: "left-pad", version: "1.3.0" };
  writeFileSync(
    path.join(clone, "package.json"),
    JSON.stringify({ name: "bare", version: "1.0.0", dependencies: { [left.name]: left.version } }),
  );
  writeFileSync(
    path.join(clone, "package-lock.json"),
    JSON.stringify({
      name: "bare",
      version: "1.0.0",
      lockfileVersion: 3,
      requires: true,
      packages: {
        "": { name: "bare", version: "1.0.0", dependencies: { [left.name]: left.version } },
        "node_modules/left-pad": { version: left.version },
      },
    }),
  );
  const { code, output } = await run(path.join(clone, "scripts", "bootstrap.mjs"), ["any.ts"]);
  expect(code).toBe(1);
  expect(output).toContain("nothing is installed yet");
  expect(output).toMatch(/npm ci failed.*registry.*network connection/s);
});
