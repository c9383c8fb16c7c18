import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type Answer,
  api,
  newTenant,
  owner as database,
  type Person,
  signUp,
} from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { customer } from "../_shared/contracts/customers.ts";
import { memberList, type Role } from "../_shared/contracts/tenancy.ts";

const refusal = ({ status, body }: Answer) => [status, problem.parse(body).code];
const ROLES: readonly Role[] = ["viewer", "member", "admin", "owner"];

const setRole = (by: Person, whom: Person, role: string) =>
  api(`/api/members/${whom.id}`, { token: by.token, method: "PATCH", body: { role } });
const remove = (by: Person, whom: Person) =>
  api(`/api/members/${whom.id}`, { token: by.token, method: "DELETE" });

describe("the members", () => {
  test("are seen by every member, owners first", async () => {
    const { owner, join } = await newTenant();
    const viewer = await join("viewer");
    const { status, body } = await api("/api/members", { token: viewer.token });
    expect(status).toBe(200);
    expect(memberList.parse(body).data).toEqual([
      {
        user_id: owner.id,
        email: owner.email,
        name: "Owner",
        role: "owner",
        joined_at: expect.any(String),
      },
      expect.objectContaining({ user_id: viewer.id, role: "viewer" }),
    ]);
  });

  test("of a tenant one does not belong to are nobody's business", async () => {
    const { id } = await newTenant();
    const { token } = await newTenant();
    for (const tenant of [id, randomUUID(), "nonsense"]) {
      expect(refusal(await api("/api/members", { token, tenant }))).toEqual([403, "forbidden"]);
    }
    const nowhere = await signUp();
    const unnamed = await api("/api/members", { token: nowhere.token });
    expect(refusal(unnamed)).toEqual([400, "tenant_required"]);
  });

  test("are managed from above: who may give which role to whom", async () => {
    const { id, join } = await newTenant();
    const [other, ...actors] = await Promise.all([join("viewer"), ...ROLES.map(join)]);
    const below = (role: Role) => role === "viewer" || role === "member";
    for (const [index, own] of ROLES.entries()) {
      const actor = actors[index] ?? other;
      for (const present of ROLES) {
        for (const wanted of ROLES) {
          await database()`
            update public.memberships set role = ${present}
            where tenant_id = ${id} and user_id = ${other.id}`;
          const allowed = own === "owner" || (own === "admin" && below(present) && below(wanted));
          const { status, body } = await setRole(actor, other, wanted);
          const attempt = `${own} makes ${present} ${wanted}`;
          expect([attempt, status]).toEqual([attempt, allowed ? 200 : 403]);
          if (allowed) expect(body).toMatchObject({ user_id: other.id, role: wanted });
        }
      }
    }
  });

  test("are removed from above, and anybody may leave", async () => {
    const { owner, join } = await newTenant();
    const [admin, second, member, viewer] = await Promise.all([
      join("admin"),
      join("admin"),
      join("member"),
      join("viewer"),
    ]);
    expect(refusal(await remove(viewer, member))).toEqual([403, "forbidden"]);
    expect(refusal(await remove(member, viewer))).toEqual([403, "forbidden"]);
    expect(refusal(await remove(admin, second))).toEqual([403, "forbidden"]);
    expect(refusal(await remove(admin, owner))).toEqual([403, "forbidden"]);
    expect((await remove(admin, member)).status).toBe(204);
    expect(refusal(await api("/api/members", { token: member.token }))[0]).toBe(400);
    expect((await remove(viewer, viewer)).status).toBe(204);
    expect((await remove(owner, admin)).status).toBe(204);
    expect(refusal(await remove(owner, admin))).toEqual([404, "not_found"]);
  });

  test("of another tenant, and no members at all, are not found", async () => {
    const { owner } = await newTenant();
    const elsewhere = await newTenant();
    const nobody = { ...owner, id: randomUUID() };
    for (const other of [elsewhere.owner, nobody]) {
      expect(refusal(await setRole(owner, other, "viewer"))).toEqual([404, "not_found"]);
      expect(refusal(await remove(owner, other))).toEqual([404, "not_found"]);
    }
    expect(refusal(await setRole(owner, { ...owner, id: "x" }, "viewer"))[0]).toBe(404);
    expect(refusal(await setRole(owner, owner, "emperor"))).toEqual([422, "validation_failed"]);
  });
});

describe("the last owner", () => {
  test("neither leaves nor steps down", async () => {
    const { owner, join } = await newTenant();
    await join("admin");
    expect(refusal(await remove(owner, owner))).toEqual([409, "last_owner"]);
    expect(refusal(await setRole(owner, owner, "admin"))).toEqual([409, "last_owner"]);
    const heir = await join("owner");
    expect((await setRole(owner, owner, "viewer")).status).toBe(200);
    expect(refusal(await remove(heir, heir))).toEqual([409, "last_owner"]);
  });

  test("remains when two owners unmake each other at once", async () => {
    const { owner, join } = await newTenant();
    const other = await join("owner");
    const answers = await Promise.all([
      setRole(owner, other, "viewer"),
      setRole(other, owner, "viewer"),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const { body } = await api("/api/members", { token: owner.token });
    expect(memberList.parse(body).data.filter(({ role }) => role === "owner")).toHaveLength(1);
  });
});

test("a person can be erased; what they made stays, in the trash as well", async () => {
  const { id, token, join } = await newTenant();
  const { id: maker, token: theirs } = await join("member");
  const make = async (name: string) =>
    customer.parse((await api("/api/customers", { token: theirs, body: { name } })).body);
  const kept = await make("Kept");
  const trashed = await make("Trashed");
  await api(`/api/customers/${trashed.id}`, { token, method: "DELETE" });
  await database()`delete from public.people where id = ${maker}`;
  const left = await database()`
    select name, created_by from public.customers where tenant_id = ${id} order by name`;
  expect([...left]).toEqual([
    { name: kept.name, created_by: null },
    { name: trashed.name, created_by: null },
  ]);
});
