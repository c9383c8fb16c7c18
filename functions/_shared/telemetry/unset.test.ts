import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { ROOT } from "../../../scripts/env.ts";
import { DEAD, spawnFunctions } from "../spawn_functions.ts";

const SDK = /["'](@opentelemetry|@sentry)\//;
const LOADED = /^\s*(?:import|export)\b(?! type)[^;]*?from\s*["']([^"']+)["']/gm;

test("the SDKs are imported by two modules, and those only when somebody asks", () => {
  const files = globSync(["functions/**/*.ts", "tasks/**/*.ts", "site/{server,src}/**/*.ts"], {
    cwd: ROOT,
  });
  const importers = files.filter((file) => {
    const text = readFileSync(path.join(ROOT, file), "utf8");
    return [...text.matchAll(LOADED)].some(([line]) => SDK.test(line) || /_sdk\.ts/.test(line));
  });
  expect(importers.toSorted()).toEqual([
    "functions/_shared/telemetry/reporting_sdk.ts",
    "functions/_shared/telemetry/tracing_sdk.ts",
  ]);
});

test("a receiver that is away holds up no request, and no process that is to stop", async () => {
  const functions = await spawnFunctions({
    OTEL_EXPORTER_OTLP_ENDPOINT: DEAD,
    SENTRY_DSN: `${DEAD.replace("//", "//key@")}/1`,
  });
  for (let times = 0; times < 20; times++) {
    expect((await fetch(`${functions.url}/livez`)).status).toBe(200);
  }
  const isThere = () => {
    try {
      return process.kill(functions.pid, 0);
    } catch {
      return false;
    }
  };
  process.kill(functions.pid, "SIGTERM");
  await vi.waitFor(() => expect(isThere()).toBe(false), { timeout: 30_000 });
});
