/**
 * One table: which key and which token gets where. Asked of the embedded stack's gateway over HTTP, of
 * Envoy's script on Lua 5.4, and where this machine has it on LuaJIT, which Envoy runs it on
 * (apt-get install luajit).
 */
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readEnv } from "../../scripts/env.ts";
import { createGatewayHandler } from "../../scripts/stack/parts/gateway_server.ts";
import { SERVER_OPTIONS } from "../../site/server/http/server.ts";
import {
  anonKey,
  bearer,
  boaster,
  CALLER,
  EXCHANGE,
  exchanged,
  LUA_ENV,
  luaCall,
  PROGRAM,
  person,
  type Request,
  serviceRoleKey,
  startLua,
} from "./testing.ts";

const DOORS = {
  rest: "/rest/v1/orders?select=id",
  auth: "/auth/v1/user",
  functions: "/functions/v1/orders",
  s3: "/storage/v1/s3/kontor/x",
};

/** Refused with a status; or let through with this token, with none, or with what was there. */
type Outcome = 401 | "anon" | "exchanged" | "none" | "as it is";
type Row = [rest: Outcome, auth: Outcome, functions: Outcome, s3: Outcome];

const apikey = anonKey;
const KEY = "kontor_0123456789abcdef";
const TABLE: [caller: string, headers: Record<string, string>, row: Row][] = [
  ["no key", {}, [401, 401, "none", "none"]],
  ["a key that is not known", { apikey: "nonsense" }, [401, 401, "none", "none"]],
  ["two keys in one", { apikey: `${anonKey}, ${serviceRoleKey}` }, [401, 401, "none", "none"]],
  ["the anon key", { apikey }, ["anon", "anon", "none", "none"]],
  [
    "the anon key as its own bearer",
    { apikey, authorization: bearer(anonKey) },
    ["anon", "anon", "none", "as it is"],
  ],
  [
    "the anon key as a bearer only",
    { authorization: bearer(anonKey) },
    [401, 401, "none", "as it is"],
  ],
  [
    "a publishable key as bearer",
    { apikey, authorization: "Bearer sb_x" },
    ["anon", "anon", "none", "as it is"],
  ],
  ["the service key", { apikey: serviceRoleKey }, [401, 401, "none", "none"]],
  [
    "the service role as a bearer",
    { authorization: bearer(serviceRoleKey) },
    [401, 401, 401, "as it is"],
  ],
  [
    "the service role behind the anon key",
    { apikey, authorization: bearer(serviceRoleKey) },
    [401, 401, 401, "as it is"],
  ],
  [
    "a person behind the service key",
    { apikey: serviceRoleKey, authorization: bearer(person) },
    [401, 401, "as it is", "as it is"],
  ],
  [
    "a person",
    { apikey, authorization: bearer(person) },
    ["as it is", "as it is", "as it is", "as it is"],
  ],
  ["a person without a key", { authorization: bearer(person) }, [401, 401, "as it is", "as it is"]],
  [
    "a person, in small letters",
    { apikey, authorization: `bearer  ${person}` },
    ["as it is", "as it is", "as it is", "as it is"],
  ],
  [
    "what an API key was exchanged for",
    { apikey, authorization: bearer(exchanged) },
    ["as it is", 401, "as it is", "as it is"],
  ],
  [
    "a person whose metadata boast",
    { apikey, authorization: bearer(boaster) },
    ["as it is", "as it is", "as it is", "as it is"],
  ],
  [
    "another scheme",
    { apikey, authorization: "Basic eA==" },
    ["anon", "anon", "as it is", "as it is"],
  ],
  [
    "a signature",
    { authorization: "AWS4-HMAC-SHA256 Credential=x" },
    [401, 401, "as it is", "as it is"],
  ],
  [
    "no token at all",
    { apikey, authorization: "Bearer a.b.c" },
    ["as it is", "as it is", "as it is", "as it is"],
  ],
  ["an API key", { authorization: bearer(KEY) }, ["exchanged", 401, "as it is", "as it is"]],
  ["an API key as apikey", { apikey: KEY }, ["exchanged", 401, "none", "none"]],
];

const cases = TABLE.flatMap(([caller, headers, row]) =>
  Object.entries(DOORS).map(([door, target], index) => ({
    name: `${caller} at ${door}`,
    request: { target, headers } satisfies Request,
    outcome: row[index] ?? 401,
  })),
);

/** What is sent on, as the outcome says. */
function sentOn(outcome: Outcome, headers: Readonly<Record<string, string>>): string | undefined {
  if (outcome === "anon") return bearer(anonKey);
  if (outcome === "exchanged") return bearer(exchanged);
  return outcome === "none" ? undefined : headers.authorization;
}

type Got = { status: number; authorization?: string | undefined; apikey?: string | undefined };

function expectOutcome(got: Got, outcome: Outcome, { headers = {} }: Request): void {
  if (outcome === 401) expect(got.status).toBe(401);
  else {
    expect(got).toEqual({
      status: 200,
      authorization: sentOn(outcome, headers),
      apikey: undefined,
    });
  }
}

describe("the embedded gateway", () => {
  let upstream: Server;
  let gateway: Server;
  let closeProxy: () => Promise<void>;
  let url: string;
  const listen = (server: Server) =>
    new Promise<string>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        resolve(`http://127.0.0.1:${port}`);
      });
    });

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      response.setHeader("content-type", "application/json");
      if (request.url === "/functions/v1/api-keys/token") response.end(EXCHANGE.body);
      else response.end(JSON.stringify(request.headers));
    });
    const origin = await listen(upstream);
    const { listener, close } = createGatewayHandler({
      upstreams: {
        auth: `${origin}/auth/v1`,
        rest: origin,
        functions: `${origin}/functions/v1`,
        s3: `${origin}/s3`,
      },
      keys: { anonKey, serviceRoleKey },
      portal: "https://app.trader.eu",
      // So that it takes callers for others than this machine.
      trustedProxies: ["loopback"],
      keepApikey: false,
      log: () => {},
    });
    closeProxy = close;
    gateway = createServer(SERVER_OPTIONS, listener);
    url = await listen(gateway);
  });
  afterAll(async () => {
    gateway.closeAllConnections();
    gateway.close();
    await closeProxy();
    upstream.closeAllConnections();
    upstream.close();
  });

  it.each(cases)("$name: $outcome", async ({ request, outcome }) => {
    const response = await fetch(url + request.target, {
      headers: { ...request.headers, "x-forwarded-for": CALLER },
    });
    const body: unknown = await response.json();
    const seen = z
      .object({ authorization: z.string().optional(), apikey: z.string().optional() })
      .parse(body);
    const { authorization, apikey: key } = seen;
    expectOutcome({ status: response.status, authorization, apikey: key }, outcome, request);
  });
});

describe("Envoy's script on Lua 5.4", () => {
  let lua: Awaited<ReturnType<typeof startLua>>;
  beforeAll(async () => {
    lua = await startLua();
  });
  afterAll(() => lua.close());

  it.each(cases)("$name: $outcome", ({ request, outcome }) => {
    const { status, headers } = lua.ask(request);
    const { authorization, apikey: key } = headers;
    expectOutcome({ status, authorization, apikey: key }, outcome, request);
  });
});

const env = { PATH: readEnv().PATH, ...LUA_ENV };
function hasLuaJit(): boolean {
  try {
    execFileSync("luajit", ["-v"], { stdio: "ignore", env });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasLuaJit())("Envoy's script on LuaJIT", () => {
  it("decides every row alike", () => {
    const calls = cases.map(
      ({ request }) =>
        `seen = ${luaCall(request, EXCHANGE)}\n` +
        'print(seen.status .. "\\t" .. (seen.headers.authorization or "") .. "\\t" .. (seen.headers.apikey or ""))',
    );
    const input = `${PROGRAM}\nlocal seen\n${calls.join("\n")}\n`;
    const lines = execFileSync("luajit", ["-"], { input, env, encoding: "utf8" }).trimEnd();
    const got = lines.split("\n").map((line) => line.split("\t"));
    expect(got).toHaveLength(cases.length);
    for (const [index, { request, outcome }] of cases.entries()) {
      const [status, authorization, key] = got[index] ?? [];
      expectOutcome(
        {
          status: Number(status),
          authorization: authorization || undefined,
          apikey: key || undefined,
        },
        outcome,
        request,
      );
    }
  });
});
