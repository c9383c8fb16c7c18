import { defineConfig } from "vitest/config";

/** Every test runs on Node 24 against one real, running stack; nothing is mocked. */
export default defineConfig({
  test: {
    include: ["{scripts,sql,functions,supabase,tasks,site}/**/*.test.{ts,tsx}"],
    exclude: ["**/node_modules/**", "site/dist/**"],
    globalSetup: ["scripts/stack/test_setup.ts"],
    pool: "forks",
    // The stack itself needs the other core.
    maxWorkers: 2,
    // Real parts on a busy machine: what fails is tried once more, and the report says so.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
