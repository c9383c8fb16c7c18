/** What an analyst might try against others and against the machine, tried with real logins. */
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { owner, stack } from "../../scripts/stack/testing.ts";
import { type Household, household } from "./cast.ts";

let ours: Household;
let theirs: Household;
let sql: Sql;
let them: Sql;
let name: string;
let theirName: string;

async function login(of: Household): Promise<[Sql, string]> {
  const { sql: connection } = of.visitors.analyst;
  if (connection === null) throw new Error("The analyst has no login.");
  const [row] = await connection<{ name: string }[]>`select session_user as name`;
  return [connection, row?.name ?? ""];
}

beforeAll(async () => {
  ours = await household("Ours");
  theirs = await household("Theirs");
  [sql, name] = await login(ours);
  [them, theirName] = await login(theirs);
  // That a session reads only is its own to change: it is no barrier.
  await sql`set default_transaction_read_only = off`;
  for (let made = 0; made < 3; made += 1) await ours.target();
  await theirs.target();
});
afterAll(async () => {
  await sql?.end();
  await them?.end();
});

/** The SQLSTATE that a statement is refused with, as it stands; null when it passes. */
async function refusal(statement: string, connection = sql): Promise<string | null> {
  try {
    await connection.unsafe(statement);
    return null;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return error.code;
    throw error;
  } finally {
    await connection`rollback`;
  }
}

const DENIED = "42501";

describe("other analysts", () => {
  it("are names that say nothing, and nothing more", async () => {
    const names = await sql<{ rolname: string }[]>`
      select rolname from pg_roles where rolname like 'analyst\\_%'`;
    expect(names.map(({ rolname }) => rolname)).toContain(theirName);
    for (const { rolname } of names) expect(rolname).toMatch(/^analyst_[0-9a-f]{16}$/);
    expect(
      await sql`select from pg_auth_members m join pg_roles r on r.oid = m.member
        where r.rolname = ${theirName} and m.roleid <> 'analyst'::regrole`,
    ).toHaveLength(0);
  });

  it.each([
    ["their role", () => `set role ${theirName}`],
    ["their session", () => `set session authorization ${theirName}`],
    ["their password", () => `alter role ${theirName} password 'mine'`],
    ["their rights", () => `grant ${theirName} to ${name}`],
    [
      "what they run",
      () => `select pg_cancel_backend(pid) from pg_stat_activity where usename = '${theirName}'`,
    ],
    [
      "their connection",
      () => `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${theirName}'`,
    ],
    ["who belongs to whom", () => "select * from private.analysts"],
    ["passwords", () => "select rolpassword from pg_authid"],
    ["what was counted", () => "select * from extensions.pg_stat_statements"],
    ["the counters", () => "select extensions.pg_stat_statements_reset()"],
    ["being logged: statements", () => "set pg_stat_statements.track = 'none'"],
    ["being logged: ids", () => "set compute_query_id = off"],
    ["being logged: entries", () => "delete from audit.entries"],
    ["the supervisor", () => "select private.watch_analysts('1 year')"],
    ["the SQL box", () => "select private.open_sql_box('select 1')"],
  ])("keep %s", async (_what, statement) => {
    expect(await refusal(statement())).toBe(DENIED);
  });

  it("run what nobody else can read", async () => {
    const secret = `select 'of theirs' as secret, pg_sleep(3)`;
    const running = them.unsafe(secret).execute();
    await expect
      .poll(() => owner()`select from pg_stat_activity where query = ${secret}`)
      .toHaveLength(1);
    const seen = await sql<{ usename: string; query: string }[]>`
      select usename, query, client_addr, state, query_start from pg_stat_activity
      where usename <> session_user`;
    expect(seen.map(({ usename }) => usename)).toContain(theirName);
    expect(JSON.stringify(seen)).not.toContain("of theirs");
    for (const { usename, query, ...more } of seen.filter((one) => one.usename === theirName)) {
      expect([usename, query]).toEqual([theirName, "<insufficient privilege>"]);
      expect(Object.values(more)).toEqual([null, null, null]);
    }
    await running;
  });

  it("cannot be logged in as without their password", async () => {
    for (const password of ["", theirName, "kontor-demo"]) {
      const url = new URL(stack().database_url);
      url.username = theirName;
      url.password = password;
      const guess = postgres(url.href, { max: 1, onnotice: () => {} });
      await expect(guess`select 1`).rejects.toMatchObject({ code: "28P01" });
      await guess.end({ timeout: 1 });
    }
  });
});

describe("the machine", () => {
  it.each([
    "copy (select 1) to program 'id'",
    "copy (select 1) to '/tmp/out'",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select pg_stat_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/out')",
    "create extension plpython3u",
    "create extension dblink schema analytics",
    "create function analytics.f() returns int language sql as 'select 1'",
    "create table analytics.t (a int)",
    "create temporary table t (a int)",
    "create view analytics.v as select 1",
    "create role mine",
    "create database mine",
    "alter system set work_mem = '1GB'",
    "select pg_reload_conf()",
    "select pg_switch_wal()",
    "select pg_create_restore_point('x')",
    "set temp_file_limit = -1",
    "set log_statement = 'none'",
    "set session_replication_role = replica",
    "begin; lock table public.orders in access exclusive mode",
    "select * from public.orders for update",
    "update public.orders set notes = 'x'",
    "delete from analytics.orders",
    "truncate public.orders",
  ])("is out of reach: %s", async (statement) => {
    // 0A000: this server was built without that language; 58P01: it does not come with that extension.
    expect(await refusal(statement)).toMatch(/^(42501|0A000|58P01)$/);
  });

  it("has a limit for what is written aside", async () => {
    await owner().unsafe(`alter role ${name} set temp_file_limit = '8MB'`);
    const url = new URL(stack().database_url);
    const made = sql.options;
    url.username = name;
    url.password = typeof made.pass === "string" ? made.pass : "";
    const fresh = postgres(url.href, { max: 1, onnotice: () => {} });
    try {
      expect(
        await refusal(
          "select count(*) from (select g from generate_series(1, 100000000) g) s",
          fresh,
        ),
      ).toBe("53400");
      expect(
        await refusal("select g from generate_series(1, 5000000) g order by md5(g::text)", fresh),
      ).toBe("53400");
    } finally {
      await fresh.end({ timeout: 1 });
      await owner().unsafe(`alter role ${name} set temp_file_limit = '1GB'`);
    }
  });

  it("has room for five connections of a login", async () => {
    const url = new URL(stack().database_url);
    url.username = name;
    url.password = typeof sql.options.pass === "string" ? sql.options.pass : "";
    const more = Array.from({ length: 6 }, () =>
      postgres(url.href, { max: 1, onnotice: () => {} }),
    );
    const outcomes = await Promise.allSettled(more.map((one) => one`select pg_sleep(1)`));
    await Promise.all(more.map((one) => one.end({ timeout: 1 })));
    const refused = outcomes.filter(
      (one) => one.status === "rejected" && String(one.reason.code) === "53300",
    );
    expect(refused.length).toBeGreaterThanOrEqual(2);
  });
});

describe("two analysts of two tenants", () => {
  type Plan = { "Node Type": string; Plans?: Plan[] };
  const shape = ({ "Node Type": type, Plans: plans = [] }: Plan): unknown => [
    type,
    plans.map(shape),
  ];

  it("ask the same, see different rows, and go the same way", async () => {
    const query = "select id, customer_id from analytics.orders order by id";
    const see = async (connection: Sql) =>
      (await connection.unsafe<{ id: string }[]>(query)).map(({ id }) => id);
    const [mine, foreign] = [await see(sql), await see(them)];
    expect(mine).toHaveLength(3);
    expect(foreign).toHaveLength(1);
    expect(mine).not.toContain(foreign[0]);
    for (const statement of [query, "select * from analytics.revenue_by_month"]) {
      const plan = async (connection: Sql) => {
        const [row] = await connection.unsafe<{ "QUERY PLAN": [{ Plan: Plan }] }[]>(
          `explain (format json) ${statement}`,
        );
        return shape(row?.["QUERY PLAN"][0].Plan ?? { "Node Type": "none" });
      };
      expect(await plan(sql), statement).toEqual(await plan(them));
    }
  });
});
