import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type Answer,
  api,
  newTenant,
  owner as database,
  portalUrl,
  signUp,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { createdInvitation, invitationList, seenInvitation } from "../_shared/contracts/tenancy.ts";

const refusal = ({ status, body }: Answer) => [status, problem.parse(body).code];

const invite = (token: string, email: string, role = "member") =>
  api("/api/invitations", { token, body: { email, role } });
const accept = (token: string, invitation: string) =>
  api("/api/invitations/accept", { token, body: { token: invitation } });

async function invited(tenant: TestTenant, email: string, role = "member") {
  const made = await invite(tenant.token, email, role);
  expect(made.status).toBe(201);
  return createdInvitation.parse(made.body);
}

describe("inviting", () => {
  test("shows the token once, and the database never holds it", async () => {
    const tenant = await newTenant();
    const made = await invited(tenant, "  Ada@Example.TEST ", "viewer");
    expect(made).toMatchObject({ email: "ada@example.test", role: "viewer", accepted_at: null });
    expect(made.accept_url).toBe(`${portalUrl()}/invitations/${made.token}`);
    expect(Date.parse(made.expires_at)).toBeGreaterThan(Date.now());
    const listed = await api("/api/invitations", { token: tenant.token });
    const { token: _token, accept_url: _url, ...shown } = made;
    expect(listed.body).toEqual({ data: [shown] });
    const [row] = await database()<{ whole: string }[]>`
      select to_json(i)::text as whole from public.invitations i where id = ${made.id}`;
    expect(row?.whole).not.toContain(made.token);
  });

  test("is for admins and owners, below their own role", async () => {
    const { join } = await newTenant();
    const admin = await join("admin");
    expect((await invite(admin.token, "a@example.test", "member")).status).toBe(201);
    for (const role of ["admin", "owner"]) {
      expect(refusal(await invite(admin.token, "b@example.test", role))).toEqual([
        403,
        "forbidden",
      ]);
    }
    for (const role of ["member", "viewer"] as const) {
      const { token } = await join(role);
      expect(refusal(await invite(token, "c@example.test"))).toEqual([403, "forbidden"]);
      expect(refusal(await api("/api/invitations", { token }))).toEqual([403, "forbidden"]);
    }
  });

  test("of somebody for a higher role is neither replaced nor taken back from below", async () => {
    const tenant = await newTenant();
    const admin = await tenant.join("admin");
    const offered = await invited(tenant, "partner@example.test", "owner");
    const again = await invite(admin.token, offered.email, "viewer");
    const taken = await api(`/api/invitations/${offered.id}`, {
      token: admin.token,
      method: "DELETE",
    });
    expect([again, taken].map(refusal)).toEqual([[403, "forbidden"], [403, "forbidden"]]);
    const { body } = await api("/api/invitations", { token: admin.token });
    expect(invitationList.parse(body).data).toMatchObject([{ id: offered.id, role: "owner" }]);
  });

  test("a member again is a conflict", async () => {
    const { token, join } = await newTenant();
    const { email } = await join("viewer");
    expect(refusal(await invite(token, email))).toEqual([409, "conflict"]);
  });

  test.each([
    [{ email: "nobody", role: "member" }, "email"],
    [{ email: "a@example.test", role: "emperor" }, "role"],
    [{ email: "a@example.test" }, "role"],
    [{ email: "a@example.test", role: "viewer", tenant_id: randomUUID() }, "tenant_id"],
  ])("%j is refused, naming %s", async (body, path) => {
    const { token } = await newTenant();
    const refused = await api("/api/invitations", { token, body });
    expect(refusal(refused)).toEqual([422, "validation_failed"]);
    expect(problem.parse(refused.body).errors?.[0]?.path).toBe(path);
  });
});

describe("accepting", () => {
  test("makes the invited person a member, once", async () => {
    const tenant = await newTenant();
    const person = await signUp();
    const { token } = await invited(tenant, person.email.toUpperCase(), "admin");
    const accepted = await accept(person.token, token);
    expect(accepted.status).toBe(200);
    expect(accepted.body).toMatchObject({ id: tenant.id, role: "admin" });
    expect((await api("/api/members", { token: person.token })).status).toBe(200);
    const { body } = await api("/api/invitations", { token: tenant.token });
    expect(invitationList.parse(body).data).toEqual([]);
    expect(refusal(await accept(person.token, token))).toEqual([409, "conflict"]);
  });

  test("takes the address that was invited", async () => {
    const tenant = await newTenant();
    const { token } = await invited(tenant, `${randomUUID()}@example.test`);
    const other = await signUp();
    expect(refusal(await accept(other.token, token))).toEqual([403, "forbidden"]);
    expect(refusal(await accept("", token))[0]).toBe(401);
  });

  test("needs a token that stands: not made up, taken back, replaced or run out", async () => {
    const tenant = await newTenant();
    const person = await signUp();
    expect(refusal(await accept(person.token, "made-up"))).toEqual([404, "not_found"]);
    const first = await invited(tenant, person.email);
    const second = await invited(tenant, person.email);
    expect(refusal(await accept(person.token, first.token))).toEqual([404, "not_found"]);
    await database()`
      update public.invitations set expires_at = now() - interval '1 second' where id = ${second.id}`;
    expect(refusal(await accept(person.token, second.token))).toEqual([409, "conflict"]);
    const third = await invited(tenant, person.email);
    const back = await api(`/api/invitations/${third.id}`, {
      token: tenant.token,
      method: "DELETE",
    });
    expect(back.status).toBe(204);
    expect(refusal(await accept(person.token, third.token))).toEqual([404, "not_found"]);
  });

  test("by two requests at once makes one member", async () => {
    const tenant = await newTenant();
    const person = await signUp();
    const { token } = await invited(tenant, person.email);
    const answers = await Promise.all([accept(person.token, token), accept(person.token, token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

test("another tenant's invitation cannot be taken back", async () => {
  const { id } = await invited(await newTenant(), "a@example.test");
  const { token } = await newTenant();
  const refused = await api(`/api/invitations/${id}`, { token, method: "DELETE" });
  expect(refusal(refused)).toEqual([404, "not_found"]);
});

describe("looking at an invitation", () => {
  const look = (token: string) => api("/api/invitations/look", { body: { token } });

  test("shows who invites whom where, to anybody who has the token, and changes nothing", async () => {
    const tenant = await newTenant();
    const guest = await signUp();
    const made = await invited(tenant, guest.email, "viewer");
    const seen = await look(made.token);
    expect(seen.status).toBe(200);
    expect(seenInvitation.parse(seen.body)).toEqual({
      tenant: `Test ${tenant.slug}`,
      role: "viewer",
      email: guest.email,
      invited_by: "Owner",
      expires_at: made.expires_at,
      state: "open",
    });
    expect((await look(made.token)).status).toBe(200);
    expect((await accept(guest.token, made.token)).status).toBe(200);
    expect((await look(made.token)).body).toMatchObject({ state: "accepted" });
  });

  test("says when it is too late, and nothing of what was never or is no more", async () => {
    const tenant = await newTenant();
    const made = await invited(tenant, "late@example.test");
    await database()`
      update public.invitations set expires_at = now() - interval '1 minute' where id = ${made.id}`;
    expect((await look(made.token)).body).toMatchObject({ state: "expired" });
    const again = await invited(tenant, "late@example.test");
    expect(refusal(await look(made.token))).toEqual([404, "not_found"]);
    await api(`/api/invitations/${again.id}`, { token: tenant.token, method: "DELETE" });
    expect(refusal(await look(again.token))).toEqual([404, "not_found"]);
    expect(refusal(await look("a guess"))).toEqual([404, "not_found"]);
    expect(refusal(await look(""))).toEqual([422, "validation_failed"]);
    const orphan = await invited(tenant, "orphan@example.test");
    await api(`/api/tenants/${tenant.id}`, { token: tenant.token, method: "DELETE" });
    expect(refusal(await look(orphan.token))).toEqual([404, "not_found"]);
  });
});
