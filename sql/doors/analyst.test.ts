import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Household, household } from "./cast.ts";

let ours: Household;
let theirs: Household;
let sql: Sql;

beforeAll(async () => {
  ours = await household("Ours");
  theirs = await household("Theirs");
  const login = ours.visitors.analyst.sql;
  if (login === null) throw new Error("The analyst has no login.");
  sql = login;
});
afterAll(async () => {
  await ours.visitors.analyst.sql?.end();
  await theirs.visitors.analyst.sql?.end();
});

/** The SQLSTATE of a statement tried in a transaction that asks to write; null when it passes. */
async function refusal(statement: string): Promise<string | null> {
  try {
    await sql.begin("read write", (transaction) => transaction.unsafe(statement));
    return null;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return error.code;
    throw error;
  }
}

const DENIED = "42501";

describe("an analyst with SQL", () => {
  it.each([
    "set role authenticated",
    "set role service_role",
    "set role postgres",
    "set session authorization postgres",
    "create temporary table t (a int)",
    "create table public.t (a int)",
    "create schema s",
    "select lo_create(0)",
    "select pg_advisory_lock(hashtextextended('audit seal', 0))",
    "select pg_try_advisory_xact_lock_shared(1, 2)",
    "select lo_from_bytea(0, 'x')",
    "select pg_logical_emit_message(false, 'x', 'fills the disk')",
    "select pg_logical_emit_message(true, 'x', 'fills the disk'::bytea)",
    "select pg_read_file('/etc/hostname')",
    "copy (select 1) to program 'true'",
    "select * from auth.users",
    "select * from audit.entries",
    "select * from private.analysts",
    "select * from public.memberships",
    "select * from public.people",
    "select * from public.invitations",
    "select * from public.attachments",
    "select * from public.exports",
    "select * from public.emails",
    "select * from graphile_worker.jobs",
    "select private.current_tenant('viewer')",
    "select public.my_tenants()",
    "select public.create_analyst('another')",
    "select public.search_orders('x')",
    "alter role current_user set statement_timeout = 0; select rolpassword from pg_authid",
  ])("is refused: %s", async (statement) => {
    expect(await refusal(statement)).toBe(DENIED);
  });

  it("sees its tenant in every view and nobody else's, whatever it claims to be", async () => {
    const target = await theirs.target();
    await ours.target();
    const counts = async () => {
      const [row] = await sql`
        select
          (select count(*)::int from analytics.orders) as orders,
          (select count(*)::int from public.orders where tenant_id <> ${ours.id}) as foreign_orders,
          (select count(*)::int from public.tenants) as tenants,
          (select count(*)::int from analytics.customers where id = ${target.customer}) as foreign_customers`;
      return row;
    };
    const before = await counts();
    expect(before).toMatchObject({ foreign_orders: 0, tenants: 1, foreign_customers: 0 });
    expect(before?.orders).toBeGreaterThan(0);
    await sql`select
      set_config('request.jwt.claims', ${JSON.stringify({ sub: theirs.id, role: "service_role" })}, false),
      set_config('request.headers', ${JSON.stringify({ "x-tenant-id": theirs.id })}, false),
      set_config('role', 'none', false)`;
    expect(await counts()).toEqual(before);
  });
});
