/** Vitest's global set-up: one whole stack with demo data for all tests, in a folder of its own. */
import { rmSync } from "node:fs";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { freshEnv, spawnStack } from "./spawn_stack.ts";

/** Starts the stack and tells the tests where it is; returns what stops and removes it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = spawnStack({
    ...(await freshEnv()),
    // Their receivers listen on this machine, and tests do not wait for days.
    WEBHOOK_ALLOW_PRIVATE: "1",
    WEBHOOK_RETRY_SCHEDULE: "100ms,200ms,300ms",
  });
  // Ctrl-C on the test run must not leave it running.
  const kill = () => void stack.child.kill("SIGTERM");
  process.once("exit", kill);
  await stack.ready();
  project.provide("stackFile", stack.stackFile);
  return async () => {
    process.off("exit", kill);
    await stack.stop();
    rmSync(path.dirname(stack.dataDir), { recursive: true, force: true });
  };
}
