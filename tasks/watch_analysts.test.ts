/** The worker looks after analysts who really are logged in. */
import postgres, { type Sql } from "postgres";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { analystList, analystLogin } from "../functions/_shared/contracts/analysts.ts";
import { api, newTenant, owner, type TestTenant } from "../scripts/stack/testing.ts";

const SOON = { timeout: 45_000, interval: 200 };
/** So long a statement may run where a test asks for less than a minute. */
const LONGEST = "3 seconds";

let tenant: TestTenant;
const open = new Set<Sql>();
beforeAll(async () => {
  tenant = await newTenant();
});
afterEach(async () => {
  await Promise.all([...open].map((sql) => sql.end({ timeout: 1 })));
  open.clear();
});

async function analyst(of = tenant) {
  const made = await api("/analysts", { token: of.token, body: { label: "Ana" } });
  const { role_name, connection_string } = analystLogin.parse(made.body);
  const connect = (application_name = "notebook") => {
    const sql = postgres(connection_string, {
      max: 1,
      onnotice: () => {},
      connection: { application_name },
    });
    open.add(sql);
    return sql;
  };
  return { role_name, connect };
}

type Entry = { tenant_id: string; ip: string | null; user_agent: string | null; metadata: Noted };
type Noted = { sql?: string; calls?: number; rows?: number; cancelled?: boolean; door: string };

const entries = (role: string, action: string) => owner()<Entry[]>`
  select tenant_id, host(ip) as ip, user_agent, metadata from audit.entries
  where actor_kind = 'analyst' and actor_id = ${role} and action = ${action} order by id`;

/** As the worker does every five seconds, but sooner. */
const look = () => owner()`select private.watch_analysts(${LONGEST}::interval)`;

const failure = (work: Promise<unknown>) =>
  work.then(
    () => "passed",
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : error),
  );

describe("statements that do not end", () => {
  it.each([
    "select pg_sleep(3600)",
    "select count(*) from generate_series(1, 1000000000) a, generate_series(1, 1000000) b",
  ])("are cancelled, whatever the session sets: %s", async (statement) => {
    const { role_name, connect } = await analyst();
    const sql = connect();
    await sql.unsafe("set statement_timeout = 0; set lock_timeout = 0");
    const outcome = failure(sql.unsafe(statement));
    await vi.waitFor(async () => {
      await look();
      expect((await entries(role_name, "query")).map(({ metadata }) => metadata)).toContainEqual(
        expect.objectContaining({ sql: statement, cancelled: true }),
      );
    }, SOON);
    expect(await outcome).toBe("57014");
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  });

  it("are closed when they catch that they are cancelled", async () => {
    const { connect } = await analyst();
    const sql = connect();
    const stubborn = `do $$ begin loop
        begin perform pg_sleep(1); exception when query_canceled then null; end;
      end loop; end $$`;
    await sql.unsafe("set statement_timeout = 0");
    const outcome = failure(sql.unsafe(stubborn));
    const ended = outcome.then(() => true);
    await vi.waitFor(async () => {
      await look();
      expect(await Promise.race([ended, Promise.resolve(false)])).toBe(true);
    }, SOON);
    expect(await outcome).toMatch(/^(57P01|CONNECTION_CLOSED)$/);
  });

  it("are nobody else's", async () => {
    const statement = owner()`select pg_sleep(5), 'not an analyst''s' as whose`;
    const rows = statement.execute();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await look();
    expect(await rows).toHaveLength(1);
  });
});

describe("the log of the tenant", () => {
  it("has every connection and every statement, how often it ran, and no values", async () => {
    const { role_name, connect } = await analyst();
    const sql = connect("Metabase");
    for (const label of ["secret one", "secret two", "secret three"]) {
      await sql`select count(*) as found from analytics.customers where name = ${label}`;
    }
    await sql.unsafe("select name from products where sku = 'secret four'");
    await vi.waitFor(async () => {
      expect(await entries(role_name, "sign_in")).toEqual([
        expect.objectContaining({ tenant_id: tenant.id, ip: "127.0.0.1", user_agent: "Metabase" }),
      ]);
      const queries = (await entries(role_name, "query")).map(({ metadata }) => metadata);
      expect(queries).toContainEqual(
        expect.objectContaining({
          sql: "select count(*) as found from analytics.customers where name = $1",
          calls: 3,
          rows: 3,
          door: "sql",
        }),
      );
      expect(queries).toContainEqual(
        expect.objectContaining({ sql: "select name from products where sku = $1", calls: 1 }),
      );
      expect(JSON.stringify(queries)).not.toContain("secret");
    }, SOON);
  });

  it("holds no password that somebody chose", async () => {
    const { role_name, connect } = await analyst();
    const sql = connect();
    await sql`set default_transaction_read_only = off`;
    for (const chosen of ["'hunter''2-plain'", "E'hunter2-escaped'", "$a$hunter2-dollars$a$"]) {
      await sql.unsafe(`alter role ${role_name} password ${chosen}`);
    }
    await sql`select 'after' as it`;
    await vi.waitFor(async () => {
      const texts = (await entries(role_name, "query")).map(({ metadata }) => metadata.sql);
      expect(texts).toContain("select $1 as it");
      expect(texts).toContain(`alter role ${role_name} password '…'`);
      expect(texts.join()).not.toContain("hunter");
    }, SOON);
  });

  it("counts on from what it has, and says nothing twice", async () => {
    const { role_name, connect } = await analyst();
    const sql = connect();
    const statement = "select max(total) as most from orders";
    const calls = async () =>
      (await entries(role_name, "query"))
        .filter(({ metadata }) => metadata.sql === statement)
        .reduce((sum, { metadata }) => sum + (metadata.calls ?? 0), 0);
    await sql.unsafe(statement);
    await vi.waitFor(async () => expect(await calls()).toBe(1), SOON);
    await sql.unsafe(statement);
    await sql.unsafe(statement);
    await vi.waitFor(async () => expect(await calls()).toBe(3), SOON);
    await look();
    expect(await calls()).toBe(3);
  });

  it("knows of connections too short to be seen", async () => {
    const { role_name, connect } = await analyst();
    // Nobody looks meanwhile.
    await owner().begin(async (transaction) => {
      await transaction`select pg_advisory_xact_lock(hashtextextended('watch analysts', 0))`;
      const sql = connect();
      await sql`select count(*) from analytics.orders`;
      await sql.end();
      await vi.waitFor(async () => {
        expect(
          await owner()`select from pg_stat_activity where usename = ${role_name}`,
        ).toHaveLength(0);
      }, SOON);
    });
    await vi.waitFor(async () => {
      expect(await entries(role_name, "sign_in")).toHaveLength(1);
    }, SOON);
    const listed = analystList.parse((await api("/analysts", { token: tenant.token })).body);
    const login = listed.data.find((one) => one.role_name === role_name);
    expect(login?.last_login_at).not.toBeNull();
  });

  it("is its own tenant's", async () => {
    const other = await newTenant();
    const { role_name, connect } = await analyst(other);
    await connect()`select 'of the other tenant' as it`;
    await vi.waitFor(async () => {
      expect(await entries(role_name, "query")).not.toHaveLength(0);
    }, SOON);
    const all = [...(await entries(role_name, "query")), ...(await entries(role_name, "sign_in"))];
    expect(new Set(all.map(({ tenant_id }) => tenant_id))).toEqual(new Set([other.id]));
  });
});

describe("a login whose time is up", () => {
  it("loses what it has open", async () => {
    const { role_name, connect } = await analyst();
    const sql = connect();
    await sql`select 1`;
    await owner()`update private.analysts set expires_at = now() where role_name = ${role_name}`;
    await vi.waitFor(async () => {
      const left = await owner()`select from pg_stat_activity where usename = ${role_name}`;
      expect(left).toHaveLength(0);
    }, SOON);
  });
});
