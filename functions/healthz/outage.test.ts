import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { stack } from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { type Health, health } from "../_shared/contracts/health.ts";
import { DEAD, type OwnFunctions, spawnFunctions, tokenOf } from "../_shared/spawn_functions.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

async function start(settings: Record<string, string>): Promise<OwnFunctions> {
  const functions = await spawnFunctions(settings);
  undo.push(functions.stop);
  return functions;
}

/** Takes connections and says nothing. */
async function silentServer(): Promise<string> {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  undo.push(() => server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

/** The report, as soon as it is the expected one: on a busy machine a probe may be late once. */
function examine({ url }: OwnFunctions, expected: [number, Health["status"]]) {
  return vi.waitFor(async () => {
    const response = await fetch(`${url}/healthz`);
    const report = health.parse(await response.json());
    expect([response.status, report.status]).toEqual(expected);
    return report;
  }, { timeout: 30_000, interval: 500 });
}

const post = (url: string, body: unknown) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("when parts are missing", () => {
  test("files, jobs, documents and mail: degraded, each with a word on why", async () => {
    const silent = await silentServer();
    const functions = await start({
      WORKER_URL: DEAD,
      S3_ENDPOINT: `http://${silent}`,
      GOTENBERG_URL: `http://${silent}`,
      SMTP_URL: `smtp://${silent}`,
    });
    const report = await examine(functions, [200, "degraded"]);
    expect(report.checks).toMatchObject({
      database: { status: "ok" },
      auth: { status: "ok" },
      worker: { status: "down", detail: "unreachable" },
      storage: { status: "down", detail: "no answer in time" },
      pdf: { status: "down", detail: "no answer in time" },
      mail: { status: "down", detail: "no answer in time" },
    });
  });

  test("what is not configured is no fault", async () => {
    const report = await examine(await start({}), [200, "ok"]);
    expect(report.checks.storage).toMatchObject({ status: "skipped", detail: "not configured" });
  });

  test("the gateway: down, and signing in is unavailable", async () => {
    const functions = await start({ SUPABASE_URL: DEAD });
    const report = await examine(functions, [503, "down"]);
    expect(report.checks).toMatchObject({
      database: { status: "ok" },
      auth: { status: "down", detail: "unreachable" },
      rest: { status: "down" },
      functions: { status: "down" },
    });
    for (const path of ["/auth/signin", "/auth/signup"]) {
      const refused = await post(functions.url + path, {
        email: "ada@example.test",
        password: "a passphrase",
      });
      expect([refused.status, problem.parse(await refused.json()).code]).toEqual([
        503,
        "unavailable",
      ]);
      expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    }
    const out = await fetch(`${functions.url}/auth/signout`, {
      method: "POST",
      headers: { cookie: `kontor-session=1.${await tokenOf(randomUUID())}.refresh` },
    });
    expect(out.status).toBe(204); // the browser at least forgets it
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
  });

  test("the database: down, and every answer is a 503 that says so", async () => {
    const absent = new URL(stack().database_url);
    absent.port = "1";
    const functions = await start({ DATABASE_URL: absent.href });
    const report = await examine(functions, [503, "down"]);
    expect(report.checks.database.status).toBe("down");
    expect(JSON.stringify(report)).not.toContain(absent.password);
    const refused = await fetch(`${functions.url}/tenants`, {
      headers: { authorization: `Bearer ${await tokenOf(randomUUID())}` },
    });
    expect([refused.status, problem.parse(await refused.json()).code]).toEqual([
      503,
      "unavailable",
    ]);
    expect((await fetch(`${functions.url}/livez`)).status).toBe(200);
  });
});
