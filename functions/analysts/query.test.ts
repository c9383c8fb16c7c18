/** The SQL box: one statement, run as an analyst's login, through the API. */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import {
  api,
  apiUrl,
  newTenant,
  owner,
  portalUrl,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import {
  accessExplained,
  analystList,
  analyticsSchema,
  sqlResult,
} from "../_shared/contracts/analysts.ts";
import { addCustomer, ask, expectProblem, placeOrder } from "../_shared/testing.ts";

const SOON = { timeout: 20_000, interval: 100 };

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
  await addCustomer(tenant, "Müller & Söhne");
  await placeOrder(tenant);
});

const run = (sql: string, more: { max_rows?: number } = {}, token = tenant.token) =>
  api("/analysts/query", { token, tenant: tenant.id, body: { sql, ...more } });

async function rowsOf(sql: string, more: { max_rows?: number } = {}, token?: string) {
  const answer = await run(sql, more, token);
  expect(answer, sql).toMatchObject({ status: 200 });
  return sqlResult.parse(answer.body);
}

describe("a statement", () => {
  it("reads the tenant's views", async () => {
    const result = await rowsOf("select name, created_at is not null as dated from customers");
    expect(result).toEqual({
      columns: [
        { name: "name", type: "text" },
        { name: "dated", type: "boolean" },
      ],
      rows: [["Müller & Söhne", true]],
      row_count: 1,
      truncated: false,
      ms: expect.any(Number),
    });
  });

  it("gives each value as exactly as JSON can", async () => {
    const { columns, rows } = await rowsOf(`
      select 1::int as a, 1.50::numeric as a, 9007199254740993 as big, 'NaN'::float8 as none,
        null as nothing, '{"a": [1]}'::jsonb as json, date '2026-01-31' as day,
        timestamptz '2026-01-31 10:00Z' as at, array[1,2] as list, 0.1::float8 as tenth`);
    expect(rows[0]).toEqual([
      1,
      1.5,
      "9007199254740993",
      "NaN",
      null,
      { a: [1] },
      "2026-01-31",
      "2026-01-31 10:00:00+00",
      "{1,2}",
      0.1,
    ]);
    expect(columns.map(({ type }) => type)).toEqual([
      "integer",
      "numeric",
      "bigint",
      "double precision",
      "text",
      "jsonb",
      "date",
      "timestamp with time zone",
      "integer[]",
      "double precision",
    ]);
  });

  it("has columns without rows, and no more rows than asked for", async () => {
    const none = await rowsOf("select id from orders where false");
    expect(none).toMatchObject({ columns: [{ name: "id" }], rows: [], row_count: 0 });
    const cut = await rowsOf("select * from generate_series(1, 100000)", { max_rows: 1500 });
    expect([cut.row_count, cut.truncated, cut.rows.at(-1)]).toEqual([1500, true, [1500]]);
    const whole = await rowsOf("select * from generate_series(1, 1500)", { max_rows: 1500 });
    expect([whole.row_count, whole.truncated]).toEqual([1500, false]);
  });

  it("can be explained, shown and read with values", async () => {
    const plan = await rowsOf("explain select * from revenue_by_month");
    expect(plan.columns).toEqual([{ name: "QUERY PLAN", type: "text" }]);
    expect((await rowsOf("show statement_timeout")).rows).toEqual([["30s"]]);
    expect((await rowsOf("values (1, 'a'), (2, 'b') -- with a remark")).rows).toHaveLength(2);
  });

  it("says in plain words what is wrong with it, and where", async () => {
    const wrong = async (sql: string, status: number, code = "validation_failed") => {
      const answer = await run(sql);
      expect(answer, sql).toMatchObject({ status, body: { code } });
      return z.object({ detail: z.string() }).parse(answer.body).detail;
    };
    expect(await wrong("select name,\n  nam\nfrom customers", 422)).toMatch(
      /^Line 2, column 3: column "nam" does not exist/,
    );
    expect(await wrong("select '😀', oops", 422)).toMatch(/^Line 1, column 13: /);
    expect(await wrong("selec 1", 422)).toMatch(/^Line 1, column 1: syntax error/);
    expect(await wrong("select 1; select 2", 422)).toMatch(/^One statement at a time/);
    expect(await wrong("select * from auth.users", 403, "forbidden")).toMatch(
      /only read the views/,
    );
    expect(await wrong("delete from public.orders returning id", 403, "forbidden")).toMatch(
      /only read/,
    );
    expect(await wrong("create table t (a int)", 422)).toMatch(/gives no rows/);
    expect(await wrong("copy (select 1) to program 'true'", 422)).toMatch(/gives no rows/);
    expect(await wrong("select 1/0", 422)).toMatch(/division by zero/);
    expect(await wrong("set search_path = public", 422)).toMatch(/gives no rows/);
    expect(await wrong("copy (select 1) to stdout", 422)).toMatch(/gives no rows/);
    expect(await wrong("-- nothing", 422)).toMatch(/gives no rows/);
    expect(await wrong("select repeat('x', 50000000)", 422)).toMatch(/larger than 16 MB/);
    expectProblem(
      await api("/analysts/query", { token: tenant.token, body: {} }),
      422,
      "validation_failed",
    );
  });

  it("is stopped after half a minute", async () => {
    const answer = await run("select pg_sleep(100)");
    const problem = expectProblem(answer, 422, "validation_failed");
    expect(problem.detail).toMatch(/longer than 30 seconds/);
  }, 120_000);

  it("is an analyst's, whoever it claims to be, and each tenant has its own rows", async () => {
    const other = await newTenant();
    const sql = `select session_user like 'analyst\\_%', count(*)::int from orders
      where set_config('request.headers', '{"x-tenant-id": "${tenant.id}"}', false) is not null
      group by 1`;
    expect((await rowsOf(sql)).rows).toEqual([[true, 1]]);
    const theirs = await api("/analysts/query", { token: other.token, body: { sql } });
    expect(sqlResult.parse(theirs.body).rows).toEqual([]);
  });

  it("is logged with who asked, from where", async () => {
    const statement = "select 'logged' as it";
    await rowsOf(statement);
    const [entry] = await owner()`
      select actor_kind, actor_id, host(ip) as ip, metadata from audit.entries
      where tenant_id = ${tenant.id} and action = 'query' and metadata ->> 'sql' = ${statement}`;
    expect(entry).toMatchObject({
      actor_kind: "user",
      actor_id: tenant.owner.id,
      ip: "127.0.0.1",
      metadata: { sql: statement, door: "api" },
    });
  });

  it.each([
    ["gateway", () => `${apiUrl()}/functions/v1/analysts/query`],
    ["portal", () => `${portalUrl()}/api/analysts/query`],
  ])("stops when nobody waits for it any more (%s)", async (_door, url) => {
    const marker = `select pg_sleep(25), 'left alone ${Math.random()}' as it`;
    const running = () =>
      owner()`
      select from pg_stat_activity where state = 'active' and query = ${marker}`;
    const leaving = new AbortController();
    const asked = fetch(url(), {
      method: "POST",
      signal: leaving.signal,
      headers: { authorization: `Bearer ${tenant.token}`, "content-type": "application/json" },
      body: JSON.stringify({ sql: marker }),
    }).catch(() => "left");
    await vi.waitFor(async () => expect(await running()).toHaveLength(1), SOON);
    const second = await run("select 1");
    expectProblem(second, 409, "conflict");
    leaving.abort();
    expect(await asked).toBe("left");
    await vi.waitFor(async () => expect(await running()).toHaveLength(0), SOON);
    expect((await rowsOf("select 1 as again")).rows).toEqual([[1]]);
  });

  it("comes from admins, in person", async () => {
    for (const role of ["viewer", "member"] as const) {
      const { token } = await tenant.join(role);
      expect((await run("select 1", {}, token)).status, role).toBe(403);
    }
    const admin = await tenant.join("admin");
    expect((await rowsOf("select 1", {}, admin.token)).rows).toEqual([[1]]);
    const made = await ask<{ key: string }>("/api-keys", {
      ...tenant,
      body: { label: "A machine", role: "admin" },
    });
    expect((await run("select 1", {}, made.body.key)).status).toBe(403);
  });

  it("leaves no login that anybody could use or see", async () => {
    await rowsOf("select 1");
    const list = await api("/analysts", { token: tenant.token });
    expect(analystList.parse(list.body)).toEqual({ data: [] });
    const [login] = await owner()<{ role_name: string; soon: boolean; limit: number }[]>`
      select rolname as role_name, rolvaliduntil < now() + interval '3 minutes' as soon,
        rolconnlimit as limit
      from private.analysts join pg_roles on rolname = role_name
      where tenant_id = ${tenant.id} and person_id = ${tenant.owner.id}`;
    expect(login).toMatchObject({ soon: true, limit: 1 });
    for (const [method, path] of [["DELETE", ""], ["POST", "/rotate"]] as const) {
      const answer = await api(`/analysts/${login?.role_name}${path}`, { ...tenant, method });
      expect(answer.status).toBe(404);
    }
  });
});

describe("what there is to read", () => {
  it("is every view with every column, and what they mean", async () => {
    const { data } = analyticsSchema.parse(
      (await api("/analysts/schema", { token: tenant.token })).body,
    );
    expect(data.map(({ name }) => name)).toEqual([
      "customers",
      "order_funnel",
      "order_items",
      "orders",
      "products",
      "revenue_by_customer",
      "revenue_by_month",
    ]);
    for (const { name, comment, columns } of data) {
      expect(comment, name).toBeTruthy();
      expect(columns.filter((column) => !column.comment), name).toEqual([]);
    }
  });
});

describe("why somebody sees a record", () => {
  it("is answered for an admin, about their tenant", async () => {
    const { id } = await placeOrder(tenant);
    const viewer = await tenant.join("viewer");
    const explain = (query: string, token = tenant.token) =>
      api(`/analysts/explain?${query}`, { token, tenant: tenant.id });
    const about = `user_id=${viewer.id}&table=orders&id=${id}`;
    const answer = accessExplained.parse((await explain(about)).body);
    expect(answer).toMatchObject({ exists: true, role: "viewer", reads: true });
    expect(answer.policies.find(({ command }) => command === "update")?.allows).toBe(false);

    expect((await explain(about, viewer.token)).status).toBe(403);
    const stranger = (await newTenant()).owner.id;
    expect((await explain(`user_id=${stranger}&table=orders&id=${id}`)).status).toBe(404);
    expect((await explain(`user_id=${viewer.id}&table=currencies&id=${id}`)).status).toBe(422);
    expect((await explain(`user_id=${viewer.id}&table=orders`)).status).toBe(400);
  });
});
