import { describe, expect, test } from "vitest";
import { api, portalUrl } from "../../scripts/stack/testing.ts";
import { CHECKS, health } from "../_shared/contracts/health.ts";

describe("health", () => {
  test("tells of every part, to anybody", async () => {
    const { status, body } = await api("/api/healthz");
    const report = health.parse(body);
    expect([status, report.status]).toEqual([200, "ok"]);
    expect(Object.keys(report.checks)).toEqual([...CHECKS]);
    for (const [name, check] of Object.entries(report.checks)) {
      expect([name, check.status]).toEqual([name, name === "pdf" ? "skipped" : "ok"]);
    }
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|localhost|postgres:|eyJ/);
  });

  test("is examined once for many callers", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => api("/api/healthz")));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test("takes no notice of a bad token", async () => {
    expect((await api("/api/healthz", { token: "forged" })).status).toBe(200);
    expect((await api("/api/livez", { token: "forged" })).body).toEqual({ status: "ok" });
  });

  test("is served on the portal's origin too", async () => {
    const answer = await fetch(`${portalUrl()}/api/healthz`);
    expect(health.parse(await answer.json()).status).toBe("ok");
  });
});
