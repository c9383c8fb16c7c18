import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { api, apiUrl, newTenant, owner, rest, signIn, stack } from "../../scripts/stack/testing.ts";

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

const somebody = { sub: crypto.randomUUID(), role: "authenticated", aud: "authenticated" };

/** Tokens that nobody may come in with. */
const worthless: [what: string, token: () => Promise<string>][] = [
  [
    "signed with another secret",
    () =>
      new SignJWT({ ...somebody, exp: inAnHour() })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode("a secret that somebody guessed wrong")),
  ],
  [
    "a service role signed with another secret",
    () =>
      new SignJWT({ role: "service_role", exp: inAnHour() })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode("a secret that somebody guessed wrong")),
  ],
  [
    "without a signature",
    async () => `${segment({ alg: "none" })}.${segment({ ...somebody, exp: inAnHour() })}.`,
  ],
  [
    "with its claims exchanged",
    async () => {
      const [header, , signature] = (await signIn("viewer@acme.test")).split(".");
      return `${header}.${segment({ ...somebody, exp: inAnHour() })}.${signature}`;
    },
  ],
  ["no token at all", async () => "not-a-token"],
];

describe("credentials", () => {
  it.each(worthless)("refuses a token %s at every HTTP door", async (_, makeToken) => {
    const token = await makeToken();
    expect((await api("orders", { token })).status).toBe(401);
    expect((await rest("orders", { token })).status).toBe(401);
  });

  it("refuses the token of a session that is over, wherever it was ended", async () => {
    const { id: tenant, owner: person } = await newTenant();
    const ends: [string, (token: string) => Promise<unknown>][] = [
      [
        "by the auth server",
        (token) =>
          fetch(`${apiUrl()}/auth/v1/logout?scope=local`, {
            method: "POST",
            headers: { apikey: stack().anon_key, authorization: `Bearer ${token}` },
          }),
      ],
      ["by its row", () => owner()`delete from auth.sessions where user_id = ${person.id}`],
    ];
    for (const [how, end] of ends) {
      const token = await signIn(person.email);
      expect((await api("orders", { token, tenant })).status, how).toBe(200);
      expect((await rest("orders?limit=1", { token, tenant })).status, how).toBe(200);
      await end(token);
      for (const answer of [
        await api("orders", { token, tenant }),
        await api("orders/figures", { token, tenant }),
        await api("tenants", { token }),
        await rest("orders?limit=1", { token, tenant }),
        await rest("rpc/my_sessions", { token, body: {} }),
      ]) {
        expect(answer, how).toMatchObject({ status: 401 });
      }
    }
  });

  it("gives the anon key no rows and no rights", async () => {
    const asAnon = await rest("orders", { token: stack().anon_key });
    expect(asAnon.status).toBe(401);
    expect((await api("orders", { token: stack().anon_key })).status).toBe(401);
  });

  it("never takes the service key for a caller in the functions", async () => {
    const token = stack().service_role_key;
    expect((await api("orders", { token })).status).toBe(401);
    expect((await api("orders", { token, headers: { apikey: token } })).status).toBe(401);
  });

  it("gives the service key as bearer nothing without an apikey", async () => {
    const authorization = `Bearer ${stack().service_role_key}`;
    const answer = await fetch(`${apiUrl()}/rest/v1/orders`, { headers: { authorization } });
    expect(answer.status).toBe(401);
  });

  it("lets a person's token win over the service key sent as apikey", async () => {
    const token = await signIn("owner@globex.test");
    const answer = await rest("orders?select=tenant_id", {
      token,
      headers: { apikey: stack().service_role_key },
    });
    expect(answer.status).toBe(200);
    const tenants = new Set((answer.body as { tenant_id: string }[]).map((row) => row.tenant_id));
    expect(tenants.size).toBe(1);
  });

  it("opens PostgREST to the service key on loopback, past row-level security, without DELETE", async () => {
    const key = stack().service_role_key;
    const answer = await rest("tenants?select=slug&slug=in.(acme,globex)", {
      token: key,
      headers: { apikey: key },
    });
    expect(answer.body).toHaveLength(2);
    const deletion = await rest("orders?number=eq.SO-000001", {
      method: "DELETE",
      token: key,
      headers: { apikey: key },
    });
    expect(deletion.status).toBe(403);
  });

  it("wants an apikey for /rest/v1 and /auth/v1, and knows which ones it gave out", async () => {
    const token = await signIn("owner@acme.test");
    const authorization = `Bearer ${token}`;
    for (const path of ["/rest/v1/orders", "/auth/v1/user"]) {
      expect((await fetch(apiUrl() + path, { headers: { authorization } })).status).toBe(401);
      const headers = { authorization, apikey: "sb_publishable_made_up" };
      expect((await fetch(apiUrl() + path, { headers })).status).toBe(401);
    }
  });

  it("takes no token from a query string", async () => {
    const token = await signIn("owner@acme.test");
    const answer = await api(`orders?access_token=${token}`);
    expect(answer.status).toBe(401);
  });
});
