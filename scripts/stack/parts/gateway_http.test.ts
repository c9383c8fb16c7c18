/** Headers and bodies on their way through the gateway, and what is no request. */
import { describe, expect, it } from "vitest";
import {
  anonKey,
  arrived,
  ask,
  port,
  raw,
  reached,
  refused,
  slowly,
  useGateway,
} from "../testing_gateway.ts";

useGateway();

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
    const passed = await reached("/functions/v1/x", { headers: { "x-request-id": "abc-123" } });
    expect(passed.headers["x-request-id"]).toBe("abc-123");
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

  it("asks a part only once a body has arrived, so that slow senders hold none of its connections", async () => {
    const before = arrived.length;
    const { answered, send, end } = slowly("POST", "/functions/v1/slow");
    send("first ");
    await reached("/functions/v1/other");
    expect(arrived.slice(before)).toEqual(["GET /functions/v1/other"]);
    end("second");
    expect(await answered).toContain('"body":"first second"');
    expect(arrived.slice(before)).toEqual(["GET /functions/v1/other", "POST /functions/v1/slow"]);
  });

  it("passes the pieces of an upload on as they come", async () => {
    const before = arrived.length;
    const { answered, send, end } = slowly("PUT", "/storage/v1/s3/bucket/key");
    send("first ");
    await expect.poll(() => arrived.slice(before)).toEqual(["PUT /s3/bucket/key"]);
    end("second");
    expect(await answered).toContain('"body":"first second"');
  });

  it("gives up upstream when the client has gone", async () => {
    const gone = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}/functions/v1/never`, { signal: gone.signal });
    await expect.poll(() => arrived.at(-1)).toBe("GET /functions/v1/never");
    gone.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => arrived.at(-1)).toBe("given up");
  });

  it("refuses more than 1 MiB, declared or not, but of what is uploaded", async () => {
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
    await reached("/storage/v1/s3/x", { method: "PUT", body });
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
    const { status, code, headers } = await refused("/storage/v1/s3/out-of-order");
    expect({ status, code }).toEqual({ status: 503, code: "unavailable" });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("that breaks off ends the connection, so that half an answer is no answer", async () => {
    const response = await ask("/functions/v1/hang-up");
    await expect(response.text()).rejects.toThrow();
  });
});
