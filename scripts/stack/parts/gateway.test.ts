/** The gateway's rules, on a real gateway in front of a server that tells what reached it. */
import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  answerClientErrors,
  createGatewayHandler,
  GATEWAY_SERVER_OPTIONS,
} from "./gateway_server.ts";

const secret = new TextEncoder().encode("a-secret-of-the-tests-0123456789abcdef");
const sign = (claims: Record<string, string>) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(secret);
const anonKey = await sign({ role: "anon" });
const serviceRoleKey = await sign({ role: "service_role" });
const person = await sign({ role: "authenticated", sub: "7b0c1c1e-0000-7000-8000-000000000001" });

const PORTAL = "http://portal.test:3000";
const outside = Object.values(networkInterfaces())
  .flat()
  .find((face) => face?.family === "IPv4" && !face.internal)?.address;

const echoed = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});
const problem = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  request_id: z.string(),
});

let upstream: Server;
let gateway: Server;
let closeProxy: () => Promise<void>;
let port: number;
const arrived: string[] = [];

const listenOn = (server: Server, host: string) =>
  new Promise<number>((resolve) => {
    server.listen(0, host, () => {
      const { port: picked } = server.address() as AddressInfo;
      resolve(picked);
    });
  });

beforeAll(async () => {
  upstream = createServer((request, response) => {
    arrived.push(`${request.method} ${request.url}`);
    if (request.url?.includes("hang-up")) {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
      return;
    }
    if (request.url?.includes("never")) {
      response.on("close", () => arrived.push("given up"));
      return;
    }
    if (request.url?.includes("piecemeal")) {
      request.once("data", () => {
        response.write("first");
        request.once("data", () => response.end("second"));
      });
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      response.writeHead(200, {
        "content-type": "application/json",
        "access-control-allow-origin": "*",
        "x-request-id": "the-upstreams-own",
        vary: "Accept",
      });
      response.end(
        JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }),
      );
    });
  });
  const origin = `http://127.0.0.1:${await listenOn(upstream, "127.0.0.1")}`;
  const { listener, close } = createGatewayHandler({
    upstreams: {
      auth: `${origin}/auth/v1`,
      rest: origin,
      functions: `${origin}/functions/v1`,
      // Nothing listens here.
      s3: "http://127.0.0.1:9",
    },
    keys: { anonKey, serviceRoleKey },
    portal: PORTAL,
    keepApikey: false,
    log: () => {},
  });
  closeProxy = close;
  gateway = createServer(GATEWAY_SERVER_OPTIONS, listener);
  answerClientErrors(gateway);
  // Every interface, so that a peer that is not loopback can be tried.
  port = await listenOn(gateway, "0.0.0.0");
});

afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await closeProxy();
  upstream.closeAllConnections();
  upstream.close();
});

type Options = { headers?: Record<string, string>; host?: string; method?: string; body?: string };

async function ask(path: string, { host = "127.0.0.1", ...init }: Options = {}) {
  return await fetch(`http://${host}:${port}${path}`, init);
}
async function reached(path: string, options?: Options) {
  const response = await ask(path, options);
  expect(response.status).toBe(200);
  return echoed.parse(await response.json());
}
async function refused(path: string, options?: Options) {
  const response = await ask(path, options);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = problem.parse(await response.json());
  expect(response.headers.get("x-request-id")).toBe(body.request_id);
  expect(body.status).toBe(response.status);
  return { status: response.status, code: body.code, headers: response.headers };
}

/** Sends bytes as they are and returns everything that comes back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

const bearer = (token: string) => `Bearer ${token}`;

describe("keys", () => {
  it.each([
    ["no key", {}, 401],
    ["a key that is not known", { apikey: "nonsense" }, 401],
    ["two keys in one", { apikey: `${anonKey}, ${serviceRoleKey}` }, 401],
    ["a key in the query only", {}, 401, `?apikey=${anonKey}`],
    ["the service role as a bearer only", { authorization: bearer(serviceRoleKey) }, 401],
    ["a person's token without a key", { authorization: bearer(person) }, 401],
    ["the anon key", { apikey: anonKey }, 200],
    ["the service key from this machine", { apikey: serviceRoleKey }, 200],
  ])("/rest/v1 and /auth/v1 with %s", async (_case, headers, status, query = "") => {
    expect((await ask(`/rest/v1/orders${query}`, { headers })).status).toBe(status);
    expect((await ask(`/auth/v1/user${query}`, { headers })).status).toBe(status);
  });

  it.each([
    ["the anon key alone is the anon role", { apikey: anonKey }, anonKey],
    ["the key as its own bearer", { apikey: anonKey, authorization: bearer(anonKey) }, anonKey],
    ["a publishable key as bearer", { apikey: anonKey, authorization: "Bearer sb_x" }, anonKey],
    ["the service key", { apikey: serviceRoleKey }, serviceRoleKey],
    ["a person wins over anon", { apikey: anonKey, authorization: bearer(person) }, person],
    [
      "a person wins over the service role",
      { apikey: serviceRoleKey, authorization: bearer(person) },
      person,
    ],
    ["another scheme is no token", { apikey: anonKey, authorization: "Basic eA==" }, anonKey],
  ])("%s", async (_case, headers, token) => {
    const { headers: seen } = await reached("/rest/v1/orders", { headers });
    expect(seen.authorization).toBe(bearer(token));
    expect(seen.apikey).toBeUndefined();
  });

  it("opens only the links of mails without a key", async () => {
    await reached("/auth/v1/verify?token=x&type=recovery");
    await reached("/auth/v1/.well-known/jwks.json");
    for (const path of ["/auth/v1/verify/x", "/auth/v1/signup", "/rest/v1/verify"]) {
      expect((await refused(path)).code).toBe("unauthenticated");
    }
  });

  it.skipIf(!outside)("refuses the service role from another machine", async () => {
    for (const headers of [
      { apikey: serviceRoleKey },
      { apikey: anonKey, authorization: bearer(serviceRoleKey) },
      { apikey: serviceRoleKey, "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1" },
    ]) {
      const { status } = await refused("/rest/v1/orders", { headers, host: outside ?? "" });
      expect(status).toBe(401);
    }
    const headers = { apikey: anonKey, authorization: bearer(person) };
    const seen = await reached("/rest/v1/orders", { headers, host: outside ?? "" });
    expect(seen.headers["x-forwarded-for"]).toBe(outside);
  });

  it("never passes a project key to the functions", async () => {
    const { status } = await refused("/functions/v1/orders", {
      headers: { authorization: bearer(serviceRoleKey) },
    });
    expect(status).toBe(401);
    const seen = await reached("/functions/v1/healthz", {
      headers: { apikey: serviceRoleKey, authorization: bearer(anonKey) },
    });
    expect(seen.headers).not.toHaveProperty("authorization");
    expect(seen.headers).not.toHaveProperty("apikey");
    for (const token of [person, "kontor_abc"]) {
      const { headers } = await reached("/functions/v1/orders", {
        headers: { authorization: bearer(token) },
      });
      expect(headers.authorization).toBe(bearer(token));
    }
  });
});

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

describe("headers", () => {
  it("says who calls, whatever the caller says", async () => {
    const { headers } = await reached("/functions/v1/x", {
      headers: {
        "x-forwarded-for": "8.8.8.8",
        "x-forwarded-host": "evil.test",
        "x-forwarded-proto": "https",
        "x-real-ip": "8.8.8.8",
        forwarded: "for=8.8.8.8",
        "x-client-ip": "8.8.8.8",
        "x-tenant-id": "kept",
      },
    });
    expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(headers["x-tenant-id"]).toBe("kept");
    for (const name of ["x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded"]) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(JSON.stringify(headers)).not.toContain("8.8.8.8");
  });

  it("keeps a sane request id, makes one otherwise, on every answer", async () => {
    const given = await ask("/functions/v1/x", { headers: { "x-request-id": "abc-123" } });
    expect(given.headers.get("x-request-id")).toBe("abc-123");
    expect(echoed.parse(await given.json()).headers["x-request-id"]).toBe("abc-123");
    for (const bad of ["a b", "x".repeat(200), "<script>"]) {
      const answer = await ask("/nowhere", { headers: { "x-request-id": bad } });
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("does not pass on what belongs to one connection", async () => {
    const answer = await raw(
      "GET /functions/v1/x HTTP/1.1\r\nHost: x\r\nConnection: close, x-secret, x-forwarded-for\r\n" +
        "X-Secret: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).not.toMatch(/x-secret|"keep-alive":"5"|"te"|"upgrade"/i);
    expect(answer).toContain('"x-forwarded-for":"127.0.0.1"');
  });
});

describe("bodies", () => {
  it("streams them through", async () => {
    const body = "ä".repeat(100_000);
    const headers = { apikey: anonKey, "content-type": "text/plain" };
    expect((await reached("/rest/v1/x", { method: "POST", headers, body })).body).toBe(body);
  });

  it("passes pieces on as they come, both ways at once", async () => {
    const pieces: string[] = [];
    const { port: to } = new URL(`http://127.0.0.1:${port}`);
    await new Promise<void>((resolve, reject) => {
      const headers = { "transfer-encoding": "chunked" };
      const path = "/functions/v1/piecemeal";
      const request = httpRequest({ port: to, method: "POST", path, headers }, (response) => {
        response.on("data", (data) => {
          pieces.push(String(data));
          // The second piece is sent only after this, the first, has arrived.
          if (pieces.length === 1) request.end("go on");
        });
        response.on("end", resolve);
      });
      request.on("error", reject);
      request.write("begin");
    });
    expect(pieces).toEqual(["first", "second"]);
  });

  it("gives up upstream when the client has gone", async () => {
    const gone = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}/functions/v1/never`, { signal: gone.signal });
    await expect.poll(() => arrived.at(-1)).toBe("GET /functions/v1/never");
    gone.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => arrived.at(-1)).toBe("given up");
  });

  it("refuses more than 1 MiB on /rest/v1 and /auth/v1, declared or not", async () => {
    const headers = { apikey: anonKey };
    const body = "x".repeat(1024 * 1024 + 1);
    expect(await refused("/rest/v1/x", { method: "POST", headers, body })).toMatchObject({
      status: 413,
      code: "too_large",
    });
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const answer = await raw(
      `POST /auth/v1/signup HTTP/1.1\r\nHost: x\r\napikey: ${anonKey}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 [\s\S]*"too_large"/);
    const allowed = "x".repeat(1024 * 1024);
    await reached("/rest/v1/x", { method: "POST", headers, body: allowed });
    await reached("/functions/v1/x", { method: "POST", body });
  });

  it("passes the body of a DELETE as one request", async () => {
    const before = arrived.length;
    const inner = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    const answer = await raw(
      "DELETE /functions/v1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
        `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(arrived.slice(before)).toEqual(["DELETE /functions/v1/x"]);
  });

  it.each([
    ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"],
    ["a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
    ["chunks hidden", "Transfer-Encoding: xchunked\r\n"],
    ["a folded header", "X-A: 1\r\n Transfer-Encoding: chunked\r\n"],
    ["a header without a name", ": x\r\n"],
  ])("refuses %s", async (_case, lines) => {
    const before = arrived.length;
    const answer = await raw(
      `POST /functions/v1/x HTTP/1.1\r\nHost: x\r\n${lines}\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*"malformed_request"/);
    expect(arrived.slice(before)).toEqual([]);
  });

  it("asks for a host", async () => {
    const answer = await raw("GET /functions/v1/x HTTP/1.1\r\nConnection: close\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*x-request-id: /);
  });

  it("limits address and headers", async () => {
    const long = "x".repeat(40_000);
    expect(await raw(`GET /rest/v1/${long} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(
      / 431 [\s\S]*problem/,
    );
  });
});

describe("a part that is down", () => {
  it("is 503 with Retry-After", async () => {
    const { status, code, headers } = await refused("/storage/v1/s3/kontor/x");
    expect({ status, code }).toEqual({ status: 503, code: "unavailable" });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("that breaks off ends the connection, so that half an answer is no answer", async () => {
    const response = await ask("/functions/v1/hang-up");
    await expect(response.text()).rejects.toThrow();
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
