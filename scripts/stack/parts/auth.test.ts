/** supabase-js, unmodified, against the running stack: signing up, in and out, and what is refused. */
import { randomUUID } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { newTenant, owner, PASSWORD, stack } from "../testing.ts";

const address = () => `Someone.${randomUUID()}@Example.test`;

function client(key = stack().anon_key, headers: Record<string, string> = {}): SupabaseClient {
  return createClient(stack().api_url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { headers },
  });
}

async function signedUp() {
  const supabase = client();
  const email = address();
  const { data, error } = await supabase.auth.signUp({
    email,
    password: PASSWORD,
    options: { data: { name: 'Åsa "O" <b>' } },
  });
  expect(error).toBeNull();
  if (!data.session || !data.user) throw new Error("no session");
  return { supabase, email, session: data.session, user: data.user };
}

const mailSchema = z.object({ subject: z.string(), text: z.string() });

async function lastMailTo(email: string) {
  const found = await fetch(
    `${stack().mail_url}/api/messages?to=${encodeURIComponent(email.toLowerCase())}`,
  );
  const { messages } = z
    .object({ messages: z.array(z.object({ id: z.string() })) })
    .parse(await found.json());
  const mail = await fetch(`${stack().mail_url}/api/messages/${messages[0]?.id}`);
  return mailSchema.parse(await mail.json());
}

const DEEP = `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`;

describe("an account", () => {
  it("is made, confirmed at once, and knows its owner's name", async () => {
    const { email, session, user } = await signedUp();
    expect(user.email).toBe(email.toLowerCase());
    expect(session.expires_in).toBe(3600);
    const [row] = await owner()`
      select u.raw_user_meta_data ->> 'name' as name, p.name as person
      from auth.users u join public.people p using (id) where u.id = ${user.id}`;
    expect(row).toEqual({ name: 'Åsa "O" <b>', person: 'Åsa "O" <b>' });
    const claims = JSON.parse(
      Buffer.from(session.access_token.split(".")[1] ?? "", "base64url").toString(),
    );
    expect(claims).toMatchObject({ sub: user.id, role: "authenticated", aud: "authenticated" });
    expect(claims.exp - claims.iat).toBe(3600);
  });

  it("exists once, however its address is written and however many ask at once", async () => {
    const { email } = await signedUp();
    const again = await client().auth.signUp({ email: email.toUpperCase(), password: PASSWORD });
    expect(again.error).toMatchObject({ status: 422, code: "user_already_exists" });
    const contested = address();
    const all = await Promise.all(
      [1, 2, 3, 4].map(() => client().auth.signUp({ email: contested, password: PASSWORD })),
    );
    expect(all.filter(({ error }) => error === null)).toHaveLength(1);
    expect(all.filter(({ error }) => error?.status === 422)).toHaveLength(3);
  });

  it.each([
    ["short", { email: "a@b.test", password: "seven77" }, 422],
    ["longer than bcrypt reads", { email: "a@b.test", password: "é".repeat(40) }, 400],
    ["no address", { email: "nobody", password: PASSWORD }, 400],
    ["a number", { email: 5, password: PASSWORD }, 400],
    ["a null character", { email: "a@b.test", password: PASSWORD, data: { name: "\0" } }, 400],
    ["no object", [], 400],
    ["deep data", { email: "a@b.test", password: PASSWORD, data: JSON.parse(DEEP) }, 400],
    ["long data", { email: "a@b.test", password: PASSWORD, data: { x: "x".repeat(20_000) } }, 400],
    ["an address without end", { email: `${"x".repeat(300)}@b.test`, password: PASSWORD }, 400],
  ])("is not made of bad input: %s", async (_case, body, status) => {
    const response = await fetch(`${stack().api_url}/auth/v1/signup`, {
      method: "POST",
      headers: { apikey: stack().anon_key, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error_code: expect.any(String) });
  });
});

describe("a session", () => {
  it("begins with the address in any case", async () => {
    const { email, user } = await signedUp();
    const { data, error } = await client().auth.signInWithPassword({
      email: email.toUpperCase(),
      password: PASSWORD,
    });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(user.id);
  });

  it("is refused alike for a wrong password and an unknown address", async () => {
    const { email } = await signedUp();
    const refusal = async (name: string) => {
      const { error } = await client().auth.signInWithPassword({
        email: name,
        password: "not-the-password",
      });
      return { code: error?.code, message: error?.message, status: error?.status };
    };
    expect(await refusal(email)).toEqual(await refusal(address()));
    expect(await refusal(email)).toMatchObject({ code: "invalid_credentials", status: 400 });
  });

  it("is refreshed with a new token; a stolen old one ends it", async () => {
    const { supabase, session } = await signedUp();
    const refresh = async (refresh_token: string) => {
      const { data, error } = await supabase.auth.refreshSession({ refresh_token });
      return error?.code ?? data.session?.refresh_token ?? "";
    };
    const second = await refresh(session.refresh_token);
    const third = await refresh(second);
    expect(new Set([session.refresh_token, second, third]).size).toBe(3);
    expect(await refresh(session.refresh_token)).toBe("refresh_token_already_used");
    expect(await refresh(third)).toBe("refresh_token_already_used");
  });

  it("ends with signing out", async () => {
    const { supabase, session } = await signedUp();
    expect((await supabase.auth.getUser()).data.user).not.toBeNull();
    expect((await supabase.auth.signOut()).error).toBeNull();
    const { refresh_token } = session;
    const { error } = await client().auth.refreshSession({ refresh_token });
    expect(error).toMatchObject({ status: 400 });
    expect((await client().auth.getUser(session.access_token)).error).not.toBeNull();
  });
});

describe("a new password", () => {
  it("ends every other session, not the one that chose it", async () => {
    const { supabase, email } = await signedUp();
    const elsewhere = client();
    await elsewhere.auth.signInWithPassword({ email, password: PASSWORD });
    expect((await supabase.auth.updateUser({ data: { theme: "dark" } })).error).toBeNull();
    expect((await elsewhere.auth.refreshSession()).error).toBeNull();
    expect((await supabase.auth.updateUser({ password: "another-password" })).error).toBeNull();
    expect((await supabase.auth.refreshSession()).error).toBeNull();
    expect((await elsewhere.auth.refreshSession()).error).toMatchObject({ status: 400 });
  });
});

describe("a forgotten password", () => {
  it("is replaced through the link of a mail, once", async () => {
    const { email } = await signedUp();
    const redirectTo = `${stack().portal_url}/reset-password`;
    expect((await client().auth.resetPasswordForEmail(email, { redirectTo })).error).toBeNull();
    const { text } = await lastMailTo(email);
    const link = new URL(/https?:\S+/.exec(text)?.[0] ?? "");
    expect(link.origin).toBe(stack().api_url);
    const opened = await fetch(link, { redirect: "manual" });
    const target = new URL(opened.headers.get("location") ?? "");
    expect(target.origin + target.pathname).toBe(redirectTo);
    const token = new URLSearchParams(target.hash.slice(1)).get("access_token") ?? "";
    const response = await fetch(`${stack().api_url}/auth/v1/user`, {
      method: "PUT",
      headers: {
        apikey: stack().anon_key,
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ password: "another-password" }),
    });
    expect(response.status).toBe(200);
    const signIn = await client().auth.signInWithPassword({ email, password: "another-password" });
    expect(signIn.error).toBeNull();
    const again = await fetch(link, { redirect: "manual" });
    expect(again.headers.get("location")).toContain("error_code=otp_expired");
  });

  it("leads nowhere but to the portal, and says nothing about unknown addresses", async () => {
    const { email } = await signedUp();
    await client().auth.resetPasswordForEmail(email, { redirectTo: "https://evil.test/x" });
    const { text } = await lastMailTo(email);
    const opened = await fetch(/https?:\S+/.exec(text)?.[0] ?? "", { redirect: "manual" });
    expect(new URL(opened.headers.get("location") ?? "").origin).toBe(stack().portal_url);
    expect((await client().auth.resetPasswordForEmail(address())).error).toBeNull();
  });
});

describe("guessing", () => {
  const guess = (path: string, body: unknown) =>
    fetch(`${stack().api_url}/auth/v1${path}`, {
      method: "POST",
      headers: { apikey: stack().anon_key, "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  it("a code is let be after ten wrong ones, and the right one waits as well", async () => {
    const { email } = await signedUp();
    await client().auth.resetPasswordForEmail(email);
    const code = /\b\d{6}\b/.exec((await lastMailTo(email)).text)?.[0] ?? "";
    const wrong = Array.from({ length: 12 }, (_, n) => String((Number(code) + n + 1) % 1e6));
    const statuses: number[] = [];
    for (const token of wrong) {
      const answer = await guess("/verify", {
        email,
        token: token.padStart(6, "0"),
        type: "recovery",
      });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 403), 429, 429]);
    const late = await guess("/verify", { email, token: code, type: "recovery" });
    expect(late.status).toBe(429);
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("a password is let be after twenty wrong ones, and nobody else notices", async () => {
    const { email } = await signedUp();
    const other = await signedUp();
    const path = "/token?grant_type=password";
    const wrong = await Promise.all(
      Array.from({ length: 30 }, () => guess(path, { email, password: "not-the-password" })),
    );
    expect(wrong.filter(({ status }) => status === 429)).toHaveLength(10);
    expect(
      (await guess(path, { email: ` ${email.toUpperCase()}`, password: PASSWORD })).status,
    ).toBe(429);
    expect((await guess(path, { email: other.email, password: PASSWORD })).status).toBe(200);
  });

  it("of mails to one person there are five, then one a minute, whether anybody is there or not", async () => {
    for (const { email } of [await signedUp(), { email: address() }]) {
      const asked = await Promise.all(
        Array.from({ length: 7 }, () => guess("/recover", { email })),
      );
      expect(asked.filter(({ status }) => status === 429)).toHaveLength(2);
    }
  });
});

describe("the tables, through supabase-js", () => {
  const row = z.object({ id: z.uuid(), name: z.string() });

  it("are read and written as the person, in their tenant", async () => {
    const tenant = await newTenant();
    const supabase = client(stack().anon_key, { "x-tenant-id": tenant.id });
    await supabase.auth.signInWithPassword({ email: tenant.owner.email, password: PASSWORD });
    const made = await supabase
      .from("customers")
      .insert({ kind: "company", name: "Müller & Söhne" })
      .select("id, name")
      .single();
    expect(made.error).toBeNull();
    const { id } = row.parse(made.data);
    const list = await supabase.from("customers").select("id, name", { count: "exact" });
    expect(list.data).toEqual([{ id, name: "Müller & Söhne" }]);
    expect(list.count).toBe(1);
    const order = await supabase.rpc("create_order", {
      payload: { items: [{ name: "Bolt", quantity: 3, unit_price: 1.5 }] },
    });
    expect(order.error).toBeNull();
    const { data } = await supabase.from("orders").select("number, total, order_items(name)");
    expect(data).toEqual([{ number: "SO-000001", total: 4.5, order_items: [{ name: "Bolt" }] }]);
    const stranger = await signedUp();
    const seen = await stranger.supabase.from("customers").select("id").eq("id", id);
    expect(seen.data ?? []).toEqual([]);
  });

  it("are closed without a person, and open to the service key on this machine", async () => {
    const nobody = await client().from("orders").select("id").limit(1);
    expect(nobody.data ?? []).toEqual([]);
    const service = await client(stack().service_role_key).from("tenants").select("slug");
    expect(service.error).toBeNull();
    expect(service.data).toContainEqual({ slug: "acme" });
  });

  it("are not reached through the auth server's own REST", async () => {
    const response = await fetch(`${stack().api_url}/auth/v1/rest/v1/orders`, {
      headers: { apikey: stack().service_role_key },
    });
    expect(response.ok).toBe(false);
    const grants = await owner()`
      select table_name from information_schema.role_table_grants
      where grantee = 'anon' and table_schema in ('auth', 'public')`;
    expect(grants).toEqual([]);
  });
});
