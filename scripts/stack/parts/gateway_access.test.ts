/** Which key and which token gets where. */
import { describe, expect, it } from "vitest";
import {
  anonKey,
  ask,
  bearer,
  exchanged,
  outside,
  person,
  reached,
  refused,
  serviceRoleKey,
  useGateway,
} from "../testing_gateway.ts";

useGateway();

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

  it("keeps what an API key was exchanged for away from accounts", async () => {
    const headers = { apikey: anonKey, authorization: bearer(exchanged) };
    expect((await ask("/rest/v1/orders", { headers })).status).toBe(200);
    expect((await ask("/auth/v1/user", { headers })).status).toBe(401);
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
