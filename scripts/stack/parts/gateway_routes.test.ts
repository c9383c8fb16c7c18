/** Which addresses lead where, and which pages of other origins may call. */
import { describe, expect, it } from "vitest";
import {
  anonKey,
  arrived,
  ask,
  PORTAL,
  raw,
  reached,
  refused,
  useGateway,
} from "../testing_gateway.ts";

useGateway();

describe("addresses", () => {
  it("takes the prefix off /rest/v1 and leaves the others", async () => {
    const headers = { apikey: anonKey };
    expect((await reached("/rest/v1/orders?id=eq.1", { headers })).url).toBe("/orders?id=eq.1");
    expect((await reached("/rest/v1", { headers })).url).toBe("/");
    expect((await reached("/rest/v1?x=1", { headers })).url).toBe("/?x=1");
    expect((await reached("/auth/v1/user", { headers })).url).toBe("/auth/v1/user");
    expect((await reached("/functions/v1/a/b?c")).url).toBe("/functions/v1/a/b?c");
  });

  it.each(["/", "/rest", "/rest/v2/x", "/restv1", "/Rest/v1/orders", "/realtime/v1/websocket"])(
    "answers 404 at %s",
    async (path) => {
      expect(await refused(path)).toMatchObject({ status: 404, code: "not_found" });
    },
  );

  it.each([
    "GET /rest/v1/../functions/v1/x",
    "GET /auth/v1/%2e%2e/rest/v1/orders",
    "GET /auth/v1/..%2Frest/v1/orders",
    "GET /auth/v1/..\\rest\\v1\\orders",
    "GET /rest/v1/.",
    "GET //rest/v1/orders",
    "GET http://elsewhere.test/rest/v1/orders",
  ])("does not let %s round the prefix", async (line) => {
    const before = arrived.length;
    const answer = await raw(
      `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\napikey: ${anonKey}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(arrived.length).toBe(before);
  });

  it("refuses methods that no part serves, and ignores upgrades", async () => {
    expect(
      await raw("TRACE /rest/v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    ).toMatch(/^HTTP\/1.1 405 /);
    const socket =
      "GET /realtime/v1/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\n" +
      "Upgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    expect(await raw(socket)).toMatch(/^HTTP\/1.1 404 [\s\S]*problem\+json/);
  });
});

describe("other origins", () => {
  const preflight = (origin: string) =>
    ask("/rest/v1/orders", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "apikey,authorization,x-client-info",
      },
    });

  it.each([PORTAL, "http://localhost:5173", "http://127.0.0.1:8080", "http://[::1]:1"])(
    "%s may call",
    async (origin) => {
      const answer = await preflight(origin);
      expect(answer.status).toBe(204);
      expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
      expect(answer.headers.get("access-control-allow-methods")).toContain("PATCH");
      expect(answer.headers.get("access-control-allow-headers")).toContain("x-client-info");
      const real = await ask("/functions/v1/x", { headers: { origin } });
      expect(real.headers.get("access-control-allow-origin")).toBe(origin);
      expect(real.headers.get("access-control-expose-headers")).toContain("Content-Range");
      expect(real.headers.get("vary")).toBe("Accept, Origin");
      const error = await ask("/rest/v1/x", { headers: { origin } });
      expect(error.headers.get("access-control-allow-origin")).toBe(origin);
    },
  );

  it.each(["http://evil.test", "http://localhost.evil.test", "null", "http://portal.test"])(
    "%s may not",
    async (origin) => {
      const answer = await preflight(origin);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      const real = await ask("/functions/v1/x", { headers: { origin } });
      expect(real.headers.get("access-control-allow-origin")).toBeNull();
    },
  );
});
