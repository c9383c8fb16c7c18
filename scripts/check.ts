import { spawn } from "node:child_process";
import { styleText } from "node:util";

/** What a change must pass besides the tests, cheapest first. */
const checks: [name: string, command: string, ...args: string[]][] = [
  ["formatting and lint", "biome", "ci", "--error-on-warnings"],
  ["types for Node", "tsc", "--project", "."],
  ["formatting of the functions", "deno", "fmt", "--check"],
  ["lint of the functions", "deno", "lint"],
  ["types for Deno", "deno", "check", "functions/main/index.ts"],
  ["types of the site", "astro", "check", "--root", "site"],
  ["the compose files fit together", "node", "scripts/production/check_compose.ts"],
  ["licences, and known faults of packages", "node", "scripts/production/check_packages.ts"],
  ["migrations build what sql/ says", "node", "scripts/db/check.ts"],
];

function run(command: string, args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

let failed = 0;
for (const [name, command, ...args] of checks) {
  const started = performance.now();
  const { code, output } = await run(command, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (code === 0) {
    console.log(`${styleText("green", "✓")} ${name} ${styleText("dim", `${seconds} s`)}`);
    for (const warning of output.match(/^warning: .*/gm) ?? []) console.log(`  ${warning}`);
  } else {
    failed += 1;
    console.log(`${styleText("red", "✗")} ${name}: ${command} ${args.join(" ")}\n${output}`);
  }
}
if (failed > 0) process.exitCode = 1;
