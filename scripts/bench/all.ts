/**
 * `npm run bench`: all benches, one after the other, each with a stack of its own. What can be set is
 * set by environment; the parts take options, each its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { ROOT } from "../env.ts";

if (process.argv.length > 2) {
  console.error(
    "bench: options go to bench:house, bench:exports, bench:jobs, bench:webhooks, bench:analytics or bench:audit",
  );
  process.exit(1);
}
const BENCHES = ["main.ts", "exports.ts", "jobs.ts", "webhooks.ts", "analytics.ts", "audit.ts"];

for (const bench of BENCHES) {
  const program = path.join(ROOT, "scripts", "bench", bench);
  const child = spawn(process.execPath, [program], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) process.exitCode = 1;
  console.log();
}
