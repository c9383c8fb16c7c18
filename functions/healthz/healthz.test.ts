import { describe, expect, test, vi } from "vitest";
import { api, portalUrl } from "../../scripts/stack/testing.ts";
import { CHECKS, health } from "../_shared/contracts/health.ts";

describe("health", () => {
  test("tells of every part, to anybody", async () => {
    // On a machine busy with other tests a probe may be late once.
    const { report, body } = await vi.waitFor(async () => {
      const { status, body } = await api("/api/healthz");
      const report = health.parse(body);
      expect([status, report.status]).toEqual([200, "ok"]);
      return { report, body };
    }, { timeout: 30_000, interval: 500 });
    expect(Object.keys(report.checks)).toEqual([...CHECKS]);
    for (const [name, check] of Object.entries(report.checks)) {
      expect([name, check.status]).toEqual([name, "ok"]);
    }
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|localhost|postgres:|eyJ/);
  });

  test("is examined once for many callers", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => api("/api/healthz")));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test("takes no notice of a bad token", async () => {
    const { status, body } = await api("/api/healthz", { token: "forged" });
    expect([200, 503]).toContain(status);
    health.parse(body);
    expect((await api("/api/livez", { token: "forged" })).body).toEqual({ status: "ok" });
  });

  test("is served on the portal's origin too", async () => {
    const answer = await fetch(`${portalUrl()}/api/healthz`);
    expect(["ok", "degraded", "down"]).toContain(health.parse(await answer.json()).status);
  });
});
