import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import {
  api,
  newTenant,
  owner,
  PASSWORD,
  type Person,
  signUp,
} from "../../scripts/stack/testing.ts";
import { enrolledFactor } from "../_shared/contracts/account.ts";
import { codeAsked, signedIn } from "../_shared/contracts/auth.ts";
import { type OwnFunctions, spawnFunctions } from "../_shared/spawn_functions.ts";
import { expectProblem } from "../_shared/testing.ts";
import { startTotpServer, totp, type TotpServer } from "./totp_server.ts";

let auth: TotpServer;
let functions: OwnFunctions;
let person: Person;

beforeAll(async () => {
  const file = path.join(path.dirname(inject("stackFile")), "secrets.json");
  const { jwtSecret } = z.object({ jwtSecret: z.string() })
    .parse(JSON.parse(readFileSync(file, "utf8")));
  auth = await startTotpServer();
  functions = await spawnFunctions({ SUPABASE_URL: auth.url, JWT_SECRET: jwtSecret });
  person = (await newTenant()).owner;
});
afterAll(async () => {
  await functions?.stop();
  auth?.close();
});

/** Asks the functions whose auth server offers second factors. */
async function ask(at: string, options: { token?: string; method?: string; body?: unknown } = {}) {
  const { token, body } = options;
  const response = await fetch(`${functions.url}${at}`, {
    method: options.method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? null : JSON.parse(text),
  };
}

const signIn = (password = PASSWORD) =>
  ask("/auth/signin", { body: { email: person.email, password } });

test("where the auth server offers none, there is none to see or to begin with", async () => {
  const { token } = await signUp();
  expect((await api("/account", { token })).body).toMatchObject({ second_factors: null });
  const begun = await api("/account/factors", { token, body: {} });
  expectProblem(begun, 404, "not_found");
});

describe("a second factor", () => {
  let token: string;
  let secret: string;
  let id: string;

  test("is offered to everybody, also when somebody asks whose session has ended", async () => {
    const gone = await signUp();
    const ended = await fetch(`${auth.url}/auth/v1/logout`, {
      method: "POST",
      headers: { authorization: `Bearer ${gone.token}`, "content-type": "application/json" },
    });
    expect(ended.status).toBeLessThan(300);
    // We take its token still, which is for the auth server to refuse.
    expect((await ask("/account/factors", { token: gone.token, body: {} })).status).toBe(404);
    const { token } = await signUp();
    expect((await ask("/account", { token })).body).toMatchObject({ second_factors: [] });
  });

  test("counts once a code of it was proven, and ends the sessions that have not", async () => {
    token = signedIn.parse((await signIn()).body).session.access_token;
    const elsewhere = signedIn.parse((await signIn()).body).session.access_token;
    expect((await ask("/tenants", { token: elsewhere })).status).toBe(200);
    expect((await ask("/account", { token })).body).toMatchObject({ second_factors: [] });
    const abandoned = await ask("/account/factors", { token, body: {} });
    expect(abandoned.status).toBe(201);
    const begun = await ask("/account/factors", { token, body: { label: "Phone" } });
    ({ secret, id } = enrolledFactor.parse(begun.body));
    expect((await ask("/account", { token })).body).toMatchObject({ second_factors: [] });

    const wrong = await ask(`/account/factors/${id}/verify`, { token, body: { code: "000000" } });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, "code"]);
    const text = await ask(`/account/factors/${id}/verify`, { token, body: { code: "abc" } });
    expect([text.status, text.body.errors[0].path]).toEqual([422, "code"]);

    const spaced = totp(secret).replace(/^.../, "$& ");
    const proven = await ask(`/account/factors/${id}/verify`, { token, body: { code: spaced } });
    expect(proven.status).toBe(200);
    expect(proven.headers.getSetCookie()).toEqual([]);
    expect((await ask("/tenants", { token: elsewhere })).status).toBe(401);
    token = signedIn.parse(proven.body).session.access_token;
    expect((await ask("/account", { token })).body).toMatchObject({
      second_factors: [{ id, label: "Phone" }],
    });
  });

  test("is asked for when signing in: the password alone gives a ticket, and no session", async () => {
    const first = await signIn();
    expect([first.status, first.headers.getSetCookie()]).toEqual([202, []]);
    const { ticket } = codeAsked.parse(first.body);
    expect(Object.keys(first.body).sort()).toEqual(["expires_at", "session", "ticket"]);
    const wrong = await ask("/auth/signin/code", { body: { ticket, code: "000000" } });
    expect([wrong.status, wrong.body.code]).toEqual([422, "validation_failed"]);
    const [logged] = await owner()<{ action: string; reason: string }[]>`
      select action, metadata ->> 'reason' as reason
      from audit.entries where actor_id = ${person.id} and action like 'sign_in%'
      order by id desc limit 1`;
    expect(logged).toEqual({ action: "sign_in_failed", reason: "mfa_verification_failed" });
    const second = await ask("/auth/signin/code", { body: { ticket, code: totp(secret) } });
    expect(second.status).toBe(200);
    expect(signedIn.parse(second.body).user.email).toBe(person.email);
    expect(second.headers.getSetCookie()).toHaveLength(1);
    for (const forged of ["made up", ticket.slice(0, -4), `${ticket}AAAA`]) {
      const refused = await ask("/auth/signin/code", { body: { ticket: forged, code: "123456" } });
      expect([refused.status, refused.body.code]).toEqual([401, "unauthenticated"]);
    }
    expect((await signIn("wrong")).status).toBe(401);
  });

  test("goes again, and signing in takes the password alone", async () => {
    expect((await ask(`/account/factors/${id}`, { token, method: "DELETE" })).status).toBe(204);
    expect((await ask(`/account/factors/${id}`, { token, method: "DELETE" })).status).toBe(404);
    expect((await signIn()).status).toBe(200);
  });
});

test("a token from before the second factor was proven is nobody's, by the auth server's hook", async () => {
  const claims = { sub: person.id, role: "authenticated", aal: "aal1" };
  const hooked = async (aal: string) => {
    const event = { user_id: person.id, claims: { ...claims, aal } };
    const [row] = await owner()<{ claims: unknown }[]>`
      select private.custom_access_token(${owner().json(event)}) -> 'claims' as claims`;
    return row?.claims;
  };
  expect(await hooked("aal1")).toEqual(claims);
  const [factor] = await owner()<{ id: string }[]>`
    insert into auth.mfa_factors (id, user_id, factor_type, status, created_at, updated_at)
    values (gen_random_uuid(), ${person.id}, 'totp', 'unverified', now(), now()) returning id`;
  expect(await hooked("aal1")).toEqual(claims);
  await owner()`update auth.mfa_factors set status = 'verified' where id = ${factor?.id ?? ""}`;
  expect(await hooked("aal1")).toEqual({ ...claims, role: "anon" });
  expect(await hooked("aal2")).toEqual({ ...claims, aal: "aal2" });
  await owner()`delete from auth.mfa_factors where id = ${factor?.id ?? ""}`;
});
