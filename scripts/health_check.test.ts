import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { CHECKS, type Health } from "../functions/_shared/contracts/health.ts";
import { ROOT } from "./env.ts";
import { portalUrl } from "./stack/testing.ts";

const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

function check(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const script = path.join(ROOT, "scripts", "health_check.ts");
    const child = execFile(process.execPath, [script, ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

/** Somebody else's server. */
async function server(answer: RequestListener): Promise<string> {
  const opened = createServer(answer);
  await once(opened.listen(0, "127.0.0.1"), "listening");
  undo.push(() => {
    opened.closeAllConnections();
    opened.close();
  });
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}/healthz`;
}

const ok = { status: "ok", latency_ms: 1 } as const;
const report = (more: Partial<Health["checks"]>, status: Health["status"]): string =>
  JSON.stringify({
    status,
    version: "1.2.3",
    checks: { ...Object.fromEntries(CHECKS.map((name) => [name, ok])), ...more },
  });

test("a stack that is well: a line for each check, and 0", async () => {
  await vi.waitFor(
    async () => {
      const { code, output } = await check("--url", `${portalUrl()}/api/healthz`);
      for (const name of CHECKS) {
        expect(output).toMatch(new RegExp(`^(ok|skipped) +${name} +[\\d.]+ ms`, "m"));
      }
      expect(output).toMatch(/^ok +kontor \d+\.\d+\.\d+$/m);
      expect(code).toBe(0);
    },
    { timeout: 30_000, interval: 500 },
  );
});

test("one that is not: which check, why, and 1", async () => {
  const degraded = report(
    { backups: { status: "down", latency_ms: 2, detail: "the latest one failed" } },
    "degraded",
  );
  const url = await server((_request, response) => response.end(degraded));
  const { code, output } = await check("--url", url);
  expect(code).toBe(1);
  expect(output).toMatch(/^down +backups +2 ms the latest one failed$/m);
  expect(output).toMatch(/^degraded kontor 1\.2\.3$/m);
});

test("nobody, somebody else, and somebody who is silent: 1 and a line", async () => {
  const nobody = await check("--url", "http://127.0.0.1:1/api/healthz");
  expect([nobody.code, nobody.output]).toEqual([1, expect.stringContaining("cannot be reached")]);
  const other = await server((_request, response) => response.end("<h1>Welcome to nginx</h1>"));
  const foreign = await check("--url", other);
  expect([foreign.code, foreign.output]).toEqual([1, expect.stringContaining("not as Kontor")]);
  const silent = await check("--url", await server(() => {}), "--timeout", "0.5");
  expect([silent.code, silent.output]).toEqual([1, expect.stringContaining("within 0.5 s")]);
});

test.each([[["--url", "nowhere"]], [["--timeout", "soon"]], [["--loud"]]])(
  "%j: how it is used, and 1",
  async (args) => {
    const { code, output } = await check(...args);
    expect([code, output]).toEqual([1, expect.stringContaining("usage: ")]);
  },
);
