import postgres from "postgres";
import { beforeAll, describe, expect, it } from "vitest";
import { newTenant, owner, rest, stack, type TestTenant } from "../../scripts/stack/testing.ts";

const DENIED = "42501";
const ROLES = [
  "anon",
  "authenticated",
  "service_role",
  "kontor_functions",
  "kontor_worker",
  "analyst",
  "supabase_auth_admin",
];
const ATTEMPTS = [
  "update audit.entries set action = 'x'",
  "delete from audit.entries",
  "truncate audit.entries",
  "insert into audit.entries (tenant_id, actor_kind, action, entity_type, entity_id) values (gen_random_uuid(), 'user', 'update', 'order', 'x')",
  "update audit.chains set position = 0",
  "delete from audit.chains",
  "delete from audit.entries_other",
];

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

/** The SQLSTATE with which a role is refused. */
async function refusal(role: string, statement: string): Promise<string> {
  const admin = owner();
  try {
    await admin.begin(async (tx) => {
      await tx.unsafe(`set local role ${role}`);
      await tx.unsafe(statement);
      throw new Error("it was let through");
    });
  } catch (error) {
    if (error instanceof postgres.PostgresError) return error.code;
    throw error;
  }
  return "";
}

/** `postgres` may become whoever it was granted; the others are tried as what they are granted to. */
async function mayBecome(role: string): Promise<boolean> {
  const [row] = await owner()<{ may: boolean }[]>`
    select pg_has_role(current_user, ${role}, 'set') as may`;
  return row?.may ?? false;
}

describe("the log is only added to", () => {
  it.each(ROLES)("%s changes nothing of it", async (role) => {
    if (await mayBecome(role)) {
      for (const attempt of ATTEMPTS) {
        expect([attempt, await refusal(role, attempt)]).toEqual([attempt, DENIED]);
      }
    }
    const rights = await owner()`
      select c.relname from pg_class c
      where c.relnamespace = 'audit'::regnamespace and c.relkind in ('r', 'p')
        and (has_table_privilege(${role}, c.oid, 'insert, update, delete, truncate')
          or has_any_column_privilege(${role}, c.oid, 'insert, update'))`;
    expect(rights).toEqual([]);
  });

  it("and what writes it is not for callers", async () => {
    for (const name of [
      "record_audit",
      "record_session",
      "record_download",
      "record_refusal",
      "seal_audit",
      "prune_audit",
    ]) {
      const [row] = await owner()<{ may: boolean }[]>`
        select bool_or(has_function_privilege(r, p.oid, 'execute')) as may
        from pg_proc p, unnest(array['anon', 'authenticated', 'service_role', 'analyst']) as r
        where p.proname = ${name} and p.pronamespace = 'private'::regnamespace`;
      expect([name, row?.may]).toEqual([name, false]);
    }
  });

  it("PostgREST shows nothing of it", async () => {
    for (const path of ["entries", "audit_entries", "chains"]) {
      expect((await rest(path, { token: tenant.token })).status).toBe(404);
    }
    const profile = { "accept-profile": "audit" };
    expect((await rest("entries", { token: tenant.token, headers: profile })).status).toBe(406);
  });
});

it("as a caller, admins read their own tenant's entries, others none, nobody salts and hashes", async () => {
  const member = await tenant.join("member");
  const other = await newTenant();
  const seen = async (person: string, columns = "count(*)::int as count") => {
    const login = postgres(stack().database_url, { max: 1, onnotice: () => {} });
    try {
      return await login.begin(async (tx) => {
        await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: person })}, true),
          set_config('request.headers', ${JSON.stringify({ "x-tenant-id": tenant.id })}, true),
          set_config('role', 'authenticated', true)`;
        const [row] = await tx.unsafe<{ count: number }[]>(`select ${columns} from audit.entries`);
        return row?.count;
      });
    } finally {
      await login.end();
    }
  };
  expect(await seen(tenant.owner.id)).toBeGreaterThan(0);
  expect(await seen(member.id)).toBe(0);
  expect(await seen(other.owner.id)).toBe(0);
  await expect(seen(tenant.owner.id, "salt")).rejects.toMatchObject({ code: DENIED });
  await expect(seen(tenant.owner.id, "hash")).rejects.toMatchObject({ code: DENIED });
});
