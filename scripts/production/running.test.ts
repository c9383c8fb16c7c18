/** What is said of a wrong clock, of names that do not lead here, and of secrets that differ. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { spawnFunctions, tokenOf } from "../../functions/_shared/spawn_functions.ts";
import { apiUrl, portalUrl, signIn, stack } from "../stack/testing.ts";
import { addressFault, clockFault, secretFault, strangersToken } from "./running.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  undo.push(() => server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

/** An address where nobody listens any more. */
async function deserted(): Promise<string> {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

const HOUR_MS = 3_600_000;

describe("the clock", () => {
  it.each([
    [0, undefined],
    [20_000, undefined],
    [-HOUR_MS, "60 minutes behind"],
    [HOUR_MS, "60 minutes ahead of"],
  ])("off by %d ms", async (off, words) => {
    const host = await serve((_request, response) => response.end());
    const fault = await clockFault(`http://${host}`, () => Date.now() + off);
    if (words === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(new RegExp(`${words}.*timedatectl`));
  });

  it("is no fault when nobody can be asked", async () => {
    expect(await clockFault(await deserted())).toBeUndefined();
  });
});

describe("a name", () => {
  const isLive = ({ status, text }: { status: number; text: string }) =>
    status === 200 && text.includes("ok");

  it("that does not exist yet", async () => {
    expect(await addressFault("https://app.trader.invalid", "/api/livez", isLive)).toMatch(
      /^app\.trader\.invalid has no address yet: make its DNS record/,
    );
  });

  it("that leads to where nobody answers", async () => {
    expect(await addressFault(await deserted(), "/api/livez", isLive)).toMatch(
      /leads to 127\.0\.0\.1, where nobody answers \(ECONNREFUSED\).*ports 80 and 443/,
    );
  });

  it("that leads to somebody else", async () => {
    const host = await serve((_request, response) => response.writeHead(404).end("parked"));
    expect(await addressFault(`http://${host}`, "/api/livez", isLive)).toMatch(
      /where something else answers \(404 at \/api\/livez\)/,
    );
  });

  it("that has no certificate yet", async () => {
    const host = await serve((_request, response) => response.end());
    expect(await addressFault(`https://${host}`, "/api/livez", isLive)).toMatch(
      /has no certificate that browsers take/,
    );
  });

  it("that leads here", async () => {
    expect(await addressFault(portalUrl(), "/api/livez", isLive)).toBeUndefined();
  });

  it("of another installation's gateway is told by our key", async () => {
    const isOurs = ({ text }: { text: string }) => text.includes('"42501"');
    const path = "/rest/v1/currencies?limit=1";
    const ask = (apikey: string) => addressFault(apiUrl(), path, isOurs, { apikey });
    expect(await ask(stack().anon_key)).toBeUndefined();
    expect(await ask("another installation's")).toContain("something else answers (401");
  });
});

describe("secrets", () => {
  const other = "the secret of an earlier deployment, left in a container";

  it.each([
    ["auth", "/auth/v1/user"],
    ["rest", "/rest/v1/currencies?limit=1"],
    ["functions", "/functions/v1/tenants"],
  ])("%s takes what was signed with its own, and another is named", async (part, path) => {
    const { anon_key } = stack();
    const own = await signIn("owner@acme.test");
    expect(await secretFault(part, apiUrl() + path, own, anon_key)).toBeUndefined();
    const fault = await secretFault(part, apiUrl() + path, await strangersToken(other), anon_key);
    expect(fault).toMatch(new RegExp(`^${part} refuses tokens that JWT_SECRET has signed`));
    expect(fault).not.toContain(other);
  });

  it("are compared with a token of nobody", async () => {
    const functions = await spawnFunctions({});
    undo.push(functions.stop);
    const nobody = await tokenOf("00000000-0000-4000-8000-000000000000");
    expect(await secretFault("functions", `${functions.url}/tenants`, nobody, "")).toBeUndefined();
  });

  it("of a part that is not there cannot be told", async () => {
    expect(await secretFault("rest", await deserted(), "x", "")).toBe(
      "rest does not answer (ECONNREFUSED)",
    );
  });
});
