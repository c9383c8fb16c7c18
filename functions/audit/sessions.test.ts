import { createClient } from "@supabase/supabase-js";
import { describe, expect, test } from "vitest";
import {
  apiUrl,
  newTenant,
  owner,
  PASSWORD,
  portalUrl,
  stack,
  type TestTenant,
} from "../../scripts/stack/testing.ts";

type Seen = {
  action: string;
  door: string;
  ip: string | null;
  agent: string | null;
  reason?: string;
};

/** A tenant's entries about sessions, in order. */
async function sessions(tenant: TestTenant): Promise<Seen[]> {
  const rows = await owner()<Seen[]>`
    select action, metadata ->> 'door' as door, host(ip) as ip, user_agent as agent,
      metadata ->> 'reason' as reason
    from audit.entries
    where tenant_id = ${tenant.id} and entity_type = 'session' and actor_id = ${tenant.owner.id}
    order by id`;
  return rows.map((row) => ({ ...row }));
}

const ask = (origin: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(origin + path, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "Tests/1", ...headers },
    body: JSON.stringify(body),
  });

const known = { ip: "127.0.0.1", agent: "Tests/1", reason: null };

describe("signing in and out", () => {
  test.each([
    ["portal", () => `${portalUrl()}/api`],
    ["api", () => `${apiUrl()}/functions/v1`],
  ])("through the %s leaves one entry each", async (door, origin) => {
    const tenant = await newTenant();
    const { email } = tenant.owner;
    const wrong = await ask(origin(), "/auth/signin", { email, password: "wrong" });
    expect(wrong.status).toBe(401);
    const right = await ask(origin(), "/auth/signin", {
      email: email.toUpperCase(),
      password: PASSWORD,
    });
    expect(right.status).toBe(200);
    const { session } = await right.json();
    const authorization = `Bearer ${session.access_token}`;
    expect((await ask(origin(), "/auth/signout", {}, { authorization })).status).toBe(204);
    expect(await sessions(tenant)).toEqual([
      { action: "sign_in_failed", door, ...known, reason: "invalid_credentials" },
      { action: "sign_in", door, ...known },
      { action: "sign_out", door, ...known },
    ]);
  });

  test("with supabase-js, straight at the auth server", async () => {
    const tenant = await newTenant();
    const { email } = tenant.owner;
    const { api_url, anon_key } = stack();
    const client = createClient(api_url, anon_key, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { headers: { "user-agent": "Tests/1", "x-forwarded-for": "6.6.6.6" } },
    });
    const wrong = await client.auth.signInWithPassword({ email, password: "wrong" });
    expect(wrong.error?.code).toBe("invalid_credentials");
    const right = await client.auth.signInWithPassword({ email, password: PASSWORD });
    expect(right.error).toBeNull();
    await client.auth.refreshSession();
    await client.auth.signOut({ scope: "local" });
    expect(await sessions(tenant)).toEqual([
      { action: "sign_in_failed", door: "auth", ...known, reason: "invalid_credentials" },
      { action: "sign_in", door: "auth", ...known },
      { action: "sign_out", door: "auth", ip: null, agent: null, reason: null },
    ]);
  });

  test("is in the log of each tenant that somebody belongs to, and nobody else's", async () => {
    const [one, two, third] = [await newTenant(), await newTenant(), await newTenant()];
    await owner()`
      insert into public.memberships (tenant_id, user_id, role) values (${two.id}, ${one.owner.id}, 'viewer')`;
    await ask(apiUrl(), "/functions/v1/auth/signin", {
      email: one.owner.email,
      password: PASSWORD,
    });
    const found = await owner()<{ tenant_id: string }[]>`
      select tenant_id from audit.entries where action = 'sign_in' and actor_id = ${one.owner.id}`;
    expect(new Set(found.map(({ tenant_id }) => tenant_id))).toEqual(new Set([one.id, two.id]));
    expect(await sessions(third)).toEqual([]);
  });

  test("a made-up mark in the user agent is no door", async () => {
    const tenant = await newTenant();
    const agent = `Tests/1 kontor/${crypto.randomUUID()}`;
    const answer = await ask(
      apiUrl(),
      "/auth/v1/token?grant_type=password",
      { email: tenant.owner.email, password: PASSWORD },
      { apikey: stack().anon_key, "user-agent": agent },
    );
    expect(answer.status).toBe(200);
    expect(await sessions(tenant)).toEqual([{ action: "sign_in", door: "auth", ...known, agent }]);
  });

  test("wrong passwords at once, through both ways, are as many entries", async () => {
    const tenant = await newTenant();
    const { email } = tenant.owner;
    const tries = Array.from(
      { length: 8 },
      (_, n) =>
        n % 2 === 0
          ? ask(apiUrl(), "/functions/v1/auth/signin", { email, password: "wrong" })
          : ask(apiUrl(), "/auth/v1/token?grant_type=password", { email, password: "wrong" }, {
            apikey: stack().anon_key,
          }),
    );
    await Promise.all(tries);
    const found = await sessions(tenant);
    expect(found.map(({ action }) => action)).toEqual(Array(8).fill("sign_in_failed"));
    const [left] =
      await owner()`select count(*)::int as count from private.session_origins where person = ${tenant.owner.id}`;
    expect(left?.["count"]).toBe(0);
  });
});
