/** What is committed is told, and nothing else, whatever is killed: a stack of its own, whose worker dies. */
import { rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { rage, settle } from "../../scripts/bench/webhook_storm.ts";
import { readIdentity } from "../../scripts/stack/lock.ts";
import { freshEnv, type SpawnedStack, spawnStack } from "../../scripts/stack/spawn_stack.ts";
import { api, newTenant, owner, useStack } from "../../scripts/stack/testing.ts";
import { newWebhook, type TestWebhook } from "../testing/webhooks.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const WRITES = 600;
const KILLS = 4;

let running: SpawnedStack;
const start = async (settings: Record<string, string>) => {
  running = spawnStack({ ...(await freshEnv()), ...settings });
  await running.ready();
  await useStack(running.stackFile);
};
const stop = async () => {
  await running.stop();
  rmSync(path.dirname(running.dataDir), { recursive: true, force: true });
};

describe("while the worker is killed again and again", () => {
  beforeAll(() =>
    start({ WEBHOOK_ALLOW_PRIVATE: "1", WEBHOOK_RETRY_SCHEDULE: "200ms,200ms,200ms" }),
  );
  afterAll(stop);

  test("every committed event is told, none that was rolled back, each record's in order", async () => {
    const hook = await newWebhook();
    const sql = owner();
    const kill = async () => {
      const worker = readIdentity(path.join(running.dataDir, "run", "worker.pid"));
      if (worker) process.kill(worker.pid, "SIGKILL");
      await sleep(500);
    };
    await rage({
      sql,
      tenant: hook.tenant.id,
      writes: WRITES,
      kills: KILLS,
      kill,
      async post(name) {
        const { token, id } = hook.tenant;
        const { status } = await api("/api/customers", { token, tenant: id, body: { name } });
        expect(status).toBe(201);
      },
    });
    // Once more with everything under way.
    await kill();
    const verdict = await settle(sql, hook.tenant.id, [hook], 240_000);
    await hook.receiver.close();
    expect(verdict.committed).toBeGreaterThan(WRITES / 2);
    expect(verdict).toMatchObject({ lost: 0, invented: 0, badSignatures: 0, disordered: 0 });
  });
});

describe("as on a server", () => {
  beforeAll(() => start({ WEBHOOK_RETRY_SCHEDULE: "100ms" }));
  afterAll(stop);

  const refused: [url: string, reason: string][] = [
    ["http://example.com/", "Webhooks are sent over https only."],
    ["https://user:pass@example.com/", "An address must not hold a login."],
    ["https://localhost/", "localhost is not a public address."],
    ["https://127.0.0.1/", "127.0.0.1 is not a public address (loopback)."],
    ["https://0x7f.1/", "127.0.0.1 is not a public address (loopback)."],
    ["https://2130706433/", "127.0.0.1 is not a public address (loopback)."],
    ["https://[::1]/", "::1 is not a public address (loopback)."],
    ["https://[::ffff:127.0.0.1]/", "::ffff:7f00:1 is not a public address (loopback)."],
    ["https://169.254.169.254/latest/", "169.254.169.254 is not a public address (linkLocal)."],
    ["https://10.0.0.1/", "10.0.0.1 is not a public address (private)."],
  ];

  test("an address that leads nowhere good is refused when it is given", async () => {
    const tenant = await newTenant();
    for (const [url, reason] of refused) {
      const { status, body } = await api("/api/webhooks", {
        token: tenant.token,
        tenant: tenant.id,
        body: { url, events: ["customer.created"] },
      });
      expect([url, status, body]).toMatchObject([
        url,
        422,
        { code: "validation_failed", errors: [{ path: "url", message: reason }] },
      ]);
    }
  });

  test("and when it came there another way nothing is sent; the log says why", async () => {
    const tenant = await newTenant();
    const call = (path: string, body?: unknown) =>
      api(path, { token: tenant.token, tenant: tenant.id, ...(body ? { body } : {}) });
    const made: TestWebhook["id"][] = [];
    for (const [url] of refused) {
      const { body } = await call("/api/webhooks", {
        url: "https://example.com/",
        events: ["customer.created"],
      });
      const { id } = body as { id: string };
      await owner()`update public.webhooks set url = ${url} where id = ${id}`;
      made.push(id);
    }
    await call("/api/customers", { name: "Ada" });
    for (const [place, id] of made.entries()) {
      await vi.waitFor(
        async () => {
          const { body } = await call(`/api/webhooks/${id}/deliveries`);
          expect(body).toMatchObject({
            data: [{ status: "failed", attempt_count: 2, error: refused[place]?.[1] }],
          });
        },
        { timeout: 60_000, interval: 200 },
      );
    }
  });
});
