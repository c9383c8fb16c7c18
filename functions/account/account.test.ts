import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  api,
  newTenant,
  owner,
  PASSWORD,
  signIn,
  signUp,
  stack,
} from "../../scripts/stack/testing.ts";
import { expectProblem, pathsOf } from "../_shared/testing.ts";
import { account, type OwnSession, ownSessionList } from "../_shared/contracts/account.ts";
import { Browser } from "../auth/browser.ts";

const sessionsOf = async (token: string): Promise<OwnSession[]> => {
  const { status, body } = await api("/account/sessions", { token });
  expect(status).toBe(200);
  return ownSessionList.parse(body).data;
};

describe("the account", () => {
  test("changes its name for everybody, and the language of its mails", async () => {
    const tenant = await newTenant();
    const { token, id } = await tenant.join("viewer");
    const before = await api("/account", { token });
    expect(account.parse(before.body)).toMatchObject({ id, name: "A viewer", locale: null });

    const body = { name: "  Zoë Viewer ", locale: "de-AT" };
    const changed = await api("/account", { token, method: "PATCH", body });
    expect(changed.status).toBe(200);
    expect(account.parse(changed.body)).toMatchObject({ name: "Zoë Viewer", locale: "de-AT" });
    expect((await api("/auth/session", { token })).body).toMatchObject({
      user: { name: "Zoë Viewer" },
    });
    const members = await api("/members", { token: tenant.token, tenant: tenant.id });
    expect(members.body).toMatchObject({
      data: expect.arrayContaining([expect.objectContaining({ user_id: id, name: "Zoë Viewer" })]),
    });

    const body2 = { name: null, locale: null };
    const emptied = await api("/account", { token, method: "PATCH", body: body2 });
    expect(emptied.body).toMatchObject({ name: null, locale: null });
    // What is left out stays.
    const same = await api("/account", { token, method: "PATCH", body: { locale: "en" } });
    expect(same.body).toMatchObject({ name: null, locale: "en" });
  });

  test("refuses what does not fit, and who is nobody or a machine", async () => {
    const { token } = await signUp();
    const bad = { name: "   ", locale: "Klingon!", email: "other@example.test" };
    const refused = await api("/account", { token, method: "PATCH", body: bad });
    expect(pathsOf(expectProblem(refused, 422, "validation_failed"))).toEqual([
      "email",
      "locale",
      "name",
    ]);
    expectProblem(await api("/account"), 401, "unauthenticated");
    const tenant = await newTenant();
    const made = await api("/api-keys", {
      token: tenant.token,
      body: { label: "Machine", role: "admin" },
    });
    const { key } = made.body as { key: string };
    for (const path of ["/account", "/account/sessions"]) {
      expectProblem(await api(path, { token: key }), 403, "forbidden");
    }
    expectProblem(
      await api("/account/sessions", { token: key, method: "DELETE" }),
      403,
      "forbidden",
    );
  });
});

describe("sessions", () => {
  let email: string;
  let phone: string;
  let laptop: string;
  beforeAll(async () => {
    const person = await signUp();
    email = person.email;
    phone = person.token;
    laptop = await signIn(email);
  });

  test("are one's own, the present one first, without what the functions mark them with", async () => {
    const browser = new Browser();
    const asked = { email, password: PASSWORD };
    const headers = { "user-agent": "Browser of a test" };
    expect((await browser.ask("/auth/signin", { body: asked, headers })).status).toBe(200);
    const { body } = await browser.ask("/account/sessions");
    const [present, ...others] = ownSessionList.parse(body).data;
    expect(present).toMatchObject({ current: true, user_agent: "Browser of a test" });
    expect(present?.ip).toMatch(/^127\.|^::1$/);
    expect(others.map(({ current }) => current)).toEqual([false, false]);
    const stranger = await signUp();
    expect((await sessionsOf(stranger.token)).map(({ current }) => current)).toEqual([true]);
  });

  test("end one by one: the token is refused and cannot be renewed; the log says who ended it", async () => {
    const tenant = await newTenant();
    const member = await tenant.join("member");
    const session = await fetchSession(member.email);
    const id = (await sessionsOf(session.access_token))[0]?.id ?? "";
    const requestId = randomUUID();
    const ended = await api(`/account/sessions/${id}`, {
      token: member.token,
      method: "DELETE",
      headers: { "x-request-id": requestId },
    });
    expect(ended.status).toBe(204);
    expectProblem(await api("/account", { token: session.access_token }), 401, "unauthenticated");
    expect((await renew(session.refresh_token)).status).toBeGreaterThanOrEqual(400);
    expect((await api("/auth/session", { token: member.token })).status).toBe(200);
    const [entry] = await owner()`
      select action, actor_id, request_id, metadata ->> 'door' as door from audit.entries
      where tenant_id = ${tenant.id} and action = 'sign_out' and actor_id = ${member.id}`;
    expect(entry).toEqual({
      action: "sign_out",
      actor_id: member.id,
      request_id: requestId,
      door: "api",
    });
  });

  test("of others are not found, and stay", async () => {
    const stranger = await signUp();
    const [theirs] = await sessionsOf(stranger.token);
    for (const id of [theirs?.id, randomUUID(), "no-id"]) {
      const answer = await api(`/account/sessions/${id}`, { token: laptop, method: "DELETE" });
      expectProblem(answer, 404, "not_found");
    }
    expect((await sessionsOf(stranger.token)).length).toBe(1);
  });

  test("end all but the present one", async () => {
    expect((await sessionsOf(laptop)).length).toBeGreaterThan(1);
    const ended = await api("/account/sessions", { token: laptop, method: "DELETE" });
    expect(ended.status).toBe(204);
    expect((await sessionsOf(laptop)).map(({ current }) => current)).toEqual([true]);
    expectProblem(await api("/account/sessions", { token: phone }), 401, "unauthenticated");
    const again = await api("/account/sessions", { token: laptop, method: "DELETE" });
    expect(again.status).toBe(204);
  });
});

async function fetchSession(email: string) {
  const { body } = await api("/auth/signin", { body: { email, password: PASSWORD } });
  return (body as { session: { access_token: string; refresh_token: string } }).session;
}

async function renew(refreshToken: string): Promise<Response> {
  const { api_url, anon_key } = stack();
  return await fetch(`${api_url}/auth/v1/token?grant_type=refresh_token`, {
    method: "POST",
    headers: { apikey: anon_key, "content-type": "application/json" },
    body: JSON.stringify({ refresh_token: refreshToken }),
  });
}
