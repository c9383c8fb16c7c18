/**
 * Addresses, headers and the exchange of API keys: Envoy's decisions (access.lua), and the embedded
 * gateway's beside them. Keys and tokens have a table of their own, access_table.test.ts. Two differences
 * are meant: the service role is honoured on this machine by the embedded one and nowhere by Envoy, and
 * Envoy knows the addresses of SAML.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiKeyOf } from "../../scripts/stack/parts/gateway_api_keys.ts";
import { matchRoute } from "../../scripts/stack/parts/gateway_routes.ts";
import { Problem } from "../../site/server/http/problem.ts";
import {
  anonKey,
  bearer,
  CALLER,
  EXCHANGE,
  type Exchange,
  exchanged,
  person,
  serviceRoleKey,
  startLua,
} from "./testing.ts";

let lua: Awaited<ReturnType<typeof startLua>>;
/** What the functions answer when the gateway asks them for a token. */
let answer: Exchange = EXCHANGE;
beforeAll(async () => {
  lua = await startLua();
});
afterAll(() => lua.close());

const ask = (target: string, headers: Record<string, string> = {}, method = "GET") =>
  lua.ask({ target, headers, method }, answer);

const STATUS = new Map<string, number>([
  ["unauthenticated", 401],
  ["not_found", 404],
  ["method_not_allowed", 405],
]);

/** What the embedded gateway decides about a caller from another machine. */
function embedded(target: string, headers: Record<string, string>, method = "GET") {
  try {
    const { route, pathname } = matchRoute(method, target);
    if (route.takesApiKeys && apiKeyOf(headers.authorization, headers.apikey)) return "exchanges";
    const caller = {
      apikey: headers.apikey,
      authorization: headers.authorization,
      peer: "203.0.113.7",
    };
    return { authorization: route.authorize(caller, pathname, { anonKey, serviceRoleKey }) };
  } catch (error) {
    if (error instanceof Problem) return { status: STATUS.get(error.code) };
    throw error;
  }
}

const ADDRESSES = [
  "/rest/v1/orders?select=id",
  "/auth/v1/user",
  "/functions/v1/orders",
  "/storage/v1/s3/kontor/x",
];

describe("addresses", () => {
  it.each([
    "/",
    "/rest",
    "/rest/v2/x",
    "/restv1",
    "/Rest/v1/orders",
    "/realtime/v1/websocket",
    "/storage/v1/object/x",
    "/rest/v1/../functions/v1/x",
    "/auth/v1/%2e%2e/rest/v1",
    "/auth/v1/..%2Frest/v1",
    "/auth/v1/..\\rest\\v1",
    "/rest/v1/.",
    "//rest/v1/orders",
  ])("%s is nowhere", (target) => {
    expect(embedded(target, { apikey: anonKey })).toEqual({ status: 404 });
    expect(ask(target, { apikey: anonKey }).status).toBe(404);
  });

  it.each([
    "/auth/v1/verify?token=x",
    "/auth/v1/callback",
    "/auth/v1/authorize",
    "/auth/v1/.well-known/jwks.json",
  ])("%s needs no key", (target) => {
    expect(embedded(target, {})).toEqual({ authorization: undefined });
    expect(ask(target).status).toBe(200);
  });

  it("SAML's need none either, and what looks like one does", () => {
    expect(ask("/auth/v1/sso/saml/acs", {}, "POST").status).toBe(200);
    for (const target of [
      "/auth/v1/verify/x",
      "/auth/v1/signup",
      "/rest/v1/verify",
      "/auth/v1/sso/saml/acs/x",
    ]) {
      expect(ask(target).status).toBe(401);
    }
  });

  it("methods that no part serves are refused", () => {
    for (const method of ["TRACE", "CONNECT", "PROPFIND"]) {
      expect(ask("/rest/v1/orders", { apikey: anonKey }, method).status).toBe(405);
      expect(embedded("/rest/v1/orders", { apikey: anonKey }, method)).toEqual({ status: 405 });
    }
  });
});

describe("headers", () => {
  it("of a client about itself are taken away", () => {
    const lies = {
      "x-real-ip": "127.0.0.1",
      forwarded: "for=127.0.0.1",
      "x-forwarded-host": "evil.test",
      "x-forwarded-port": "1",
      "x-forwarded-prefix": "/api",
      "true-client-ip": "::1",
      tracestate: "vendor=x",
      baggage: "who=somebody",
    };
    for (const target of ADDRESSES) {
      const { headers } = ask(target, { ...lies, apikey: anonKey });
      for (const name of Object.keys(lies)) expect(headers[name], name).toBeUndefined();
    }
  });

  it("keep a sane request id, and get another one for any other", () => {
    const id = (given: string) =>
      ask("/functions/v1/x", { "x-request-id": given }).headers["x-request-id"];
    expect(id("a-b.c:1_2")).toBe("a-b.c:1_2");
    for (const given of ["", "a b", "x".repeat(129), "é", "-a"])
      expect(id(given)).toMatch(/^[0-9a-f]{8}-/);
  });
});

describe("API keys at /rest/v1", () => {
  const key = () => `kontor_${crypto.randomUUID()}`;

  it("are exchanged, as bearer or apikey, once while the token holds", () => {
    const own = key();
    for (const [headers, asked] of [
      [{ authorization: bearer(own) }, 1],
      [{ apikey: own }, 0],
      [{ apikey: anonKey, authorization: bearer(own) }, 0],
    ] as const) {
      const seen = ask("/rest/v1/orders", headers);
      expect(seen).toMatchObject({ status: 200, asked });
      expect(seen.headers.authorization).toBe(bearer(exchanged));
    }
  });

  it("are looked up with the gateway's own key and the caller's address", () => {
    const own = key();
    const { sent } = ask("/rest/v1/orders", { authorization: bearer(own) });
    expect(sent).toMatchObject({
      ":method": "POST",
      authorization: bearer(own),
      apikey: serviceRoleKey,
      "x-forwarded-for": "203.0.113.7",
    });
  });

  it.each([
    ["401", "{}", 401],
    ["503", "", 503],
    ["200", "nonsense", 503],
    ["500", "{}", 503],
  ])("an answer of %s %s is %d", (status, body, wanted) => {
    const before = answer;
    answer = { status, body };
    expect(ask("/rest/v1/orders", { authorization: bearer(key()) }).status).toBe(wanted);
    answer = before;
  });

  it("go on to the functions as they are, and open no account", () => {
    const own = key();
    expect(ask("/functions/v1/orders", { authorization: bearer(own) })).toMatchObject({
      status: 200,
      asked: 0,
    });
    expect(ask("/auth/v1/user", { authorization: bearer(own) }).status).toBe(401);
  });
});

describe("writes that PostgREST refuses", () => {
  const refusal = '{"code":"42501","message":"forbidden","details":null}';
  const headers = {
    apikey: anonKey,
    authorization: bearer(person),
    "x-tenant-id": "t",
    "x-request-id": "r-1",
    "user-agent": "Tests/1",
    "x-forwarded-prefix": "/api",
  };

  it("are told to the functions, in the caller's name", () => {
    const target = '/rest/v1/orders"\\?select=id';
    const { sent, told } = lua.ask({ target, headers, method: "POST", refusal });
    expect(JSON.parse(told ?? "")).toEqual({
      method: "POST",
      path: "/rest/v1/orders",
      answer: JSON.parse(refusal),
    });
    expect(sent).toEqual({
      ":method": "POST",
      ":path": "/functions/v1/audit/refusals",
      ":authority": "functions",
      "content-type": "application/json",
      authorization: bearer(person),
      apikey: serviceRoleKey,
      "user-agent": "Tests/1",
      "x-tenant-id": "t",
      "x-forwarded-for": CALLER,
      "x-forwarded-prefix": "/rest/v1",
      "x-request-id": "r-1",
    });
  });

  it("of an API key in the key's name", () => {
    const key = `kontor_${crypto.randomUUID()}`;
    for (const given of [{ apikey: key }, { apikey: anonKey, authorization: bearer(key) }]) {
      const asked = { target: "/rest/v1/rpc/x", headers: given, method: "POST", refusal };
      expect(lua.ask(asked).sent?.authorization).toBe(bearer(key));
    }
  });

  it.each([
    ["a read", { target: "/rest/v1/orders", method: "GET", refusal }],
    ["another part's", { target: "/functions/v1/orders", method: "POST", refusal }],
    ["one that is endless", { target: "/rest/v1/x", method: "PATCH", refusal: "x".repeat(4001) }],
  ])("%s is not told", (_what, request) => {
    expect(lua.ask({ ...request, headers }).told).toBeUndefined();
  });
});
