/**
 * Which key and which token gets where: Envoy's decisions (access.lua), and the embedded gateway's beside
 * them in the same cases. Two differences are meant: the service role is honoured on this machine by the
 * embedded one and nowhere by Envoy, and Envoy knows the addresses of SAML.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LuaEngine, LuaFactory } from "wasmoon";
import { z } from "zod";
import { apiKeyOf } from "../../scripts/stack/parts/gateway_api_keys.ts";
import { matchRoute } from "../../scripts/stack/parts/gateway_routes.ts";
import { Problem } from "../../site/server/http/problem.ts";

const secret = new TextEncoder().encode("a-secret-of-the-tests-0123456789abcdef");
const sign = (claims: Record<string, unknown>) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(secret);
const anonKey = await sign({ role: "anon" });
const serviceRoleKey = await sign({ role: "service_role" });
const exchanged = await sign({ role: "authenticated", sub: "p", api_key_id: "k" });
const person = await sign({ role: "authenticated", sub: "p" });
const boaster = await sign({
  user_metadata: { role: "service_role", api_key_id: "x", note: '","role":"service_role' },
  role: "authenticated",
});
const bearer = (token: string) => `Bearer ${token}`;

/** What the functions answer when the gateway asks them for a token. */
type Exchange = { status: string; body: string };

let lua: LuaEngine;
let answer: Exchange;

beforeAll(async () => {
  lua = await new LuaFactory(undefined, {
    ANON_KEY: anonKey,
    SERVICE_ROLE_KEY: serviceRoleKey,
  }).createEngine();
  await lua.doString(readFileSync(path.join(import.meta.dirname, "access.lua"), "utf8"));
  // Envoy's side of the conversation, as far as the script uses it.
  await lua.doString(`
    function ask(method, target, given, address, status, body)
      local seen = { headers = {}, asked = 0, status = 200, detail = "" }
      for name, value in pairs(given) do seen.headers[name] = value end
      seen.headers[":method"], seen.headers[":path"] = method, target
      local headers = {}
      function headers:get(name) return seen.headers[name] end
      function headers:remove(name) seen.headers[name] = nil end
      function headers:replace(name, value) seen.headers[name] = value end
      local handle = {}
      function handle:headers() return headers end
      function handle:streamInfo()
        return { downstreamRemoteAddress = function() return address end }
      end
      function handle:respond(with, detail)
        seen.status, seen.detail = tonumber(with[":status"]), detail
      end
      function handle:httpCall(cluster, sent, _, _)
        assert(cluster == "functions" and sent[":path"] == "/functions/v1/api-keys/token")
        seen.asked = seen.asked + 1
        seen.sent = sent
        return { [":status"] = status }, body
      end
      envoy_on_request(handle)
      return seen
    end`);
});
afterAll(() => lua.global.close());

const seenSchema = z.object({
  status: z.number(),
  detail: z.string(),
  asked: z.number(),
  headers: z.record(z.string(), z.string()),
  sent: z.record(z.string(), z.string()).optional(),
});

/** A string as Lua writes it. */
const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

function ask(target: string, headers: Record<string, string> = {}, method = "GET") {
  const given = Object.entries(headers).map(
    ([name, value]) => `[${quoted(name)}] = ${quoted(value)}`,
  );
  const rest = ["203.0.113.7:51000", answer.status, answer.body].map(quoted).join(", ");
  const call = `return ask(${quoted(method)}, ${quoted(target)}, { ${given.join(", ")} }, ${rest})`;
  return seenSchema.parse(lua.doStringSync(call));
}

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

beforeAll(() => {
  answer = { status: "200", body: JSON.stringify({ access_token: exchanged, expires_in: 300 }) };
});

const ADDRESSES = [
  "/rest/v1/orders?select=id",
  "/auth/v1/user",
  "/functions/v1/orders",
  "/storage/v1/s3/kontor/x",
];
const CALLERS: Record<string, Record<string, string>> = {
  "no key": {},
  "a key that is not known": { apikey: "nonsense" },
  "two keys in one": { apikey: `${anonKey}, ${serviceRoleKey}` },
  "the anon key": { apikey: anonKey },
  "the anon key as its own bearer": { apikey: anonKey, authorization: bearer(anonKey) },
  "the anon key as a bearer only": { authorization: bearer(anonKey) },
  "a publishable key as bearer": { apikey: anonKey, authorization: "Bearer sb_x" },
  "the service key": { apikey: serviceRoleKey },
  "the service role as a bearer": { authorization: bearer(serviceRoleKey) },
  "the service role behind the anon key": {
    apikey: anonKey,
    authorization: bearer(serviceRoleKey),
  },
  "a person behind the service key": { apikey: serviceRoleKey, authorization: bearer(person) },
  "a person": { apikey: anonKey, authorization: bearer(person) },
  "a person without a key": { authorization: bearer(person) },
  "a person, in small letters": { apikey: anonKey, authorization: `bearer  ${person}` },
  "what an API key was exchanged for": { apikey: anonKey, authorization: bearer(exchanged) },
  "a person whose metadata boast": { apikey: anonKey, authorization: bearer(boaster) },
  "another scheme": { apikey: anonKey, authorization: "Basic eA==" },
  "a signature": { authorization: "AWS4-HMAC-SHA256 Credential=x" },
  "no token at all": { apikey: anonKey, authorization: "Bearer a.b.c" },
};

describe.each(ADDRESSES)("%s", (target) => {
  it.each(Object.keys(CALLERS))("decides as the embedded gateway about %s", (name) => {
    const headers = CALLERS[name] ?? {};
    const seen = ask(target, headers);
    const wanted = embedded(target, headers);
    if (wanted === "exchanges" || "status" in wanted) {
      expect({ status: seen.status }).toEqual(wanted);
      return;
    }
    expect(seen.status).toBe(200);
    const left = wanted.authorization === false ? headers.authorization : wanted.authorization;
    expect(seen.headers.authorization).toBe(left);
    expect(seen.headers.apikey).toBeUndefined();
  });
});

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
