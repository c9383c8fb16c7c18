/** An analyst's login: made, used, given a new password, revoked. */
import postgres from "postgres";
import { beforeAll, describe, expect, it } from "vitest";
import { api, newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import { analystList, analystLogin } from "../_shared/contracts/analysts.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

async function make(body: Record<string, unknown> = {}) {
  const answer = await api("/analysts", { token: tenant.token, body: { label: "Ana", ...body } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return analystLogin.parse(answer.body);
}

/** Connects and says who it is; a connection string's password is refused as 28P01 or 28000. */
async function connect(address: string): Promise<string> {
  const sql = postgres(address, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ who: string }[]>`select session_user as who`;
    return row?.who ?? "";
  } catch (error) {
    return error instanceof postgres.PostgresError ? error.code : String(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const actions = (role: string) =>
  owner()<{ action: string }[]>`
    select action from audit.entries
    where tenant_id = ${tenant.id} and entity_type = 'analyst' and entity_id = ${role}
      and action like 'analyst%' order by id`;

describe("an analyst's login", () => {
  it("connects, gets a new password, and is no more", async () => {
    const first = await make();
    expect(await connect(first.connection_string)).toBe(first.role_name);

    const open = postgres(first.connection_string, { max: 1, onnotice: () => {} });
    await open`select 1`;
    const rotated = await api(`/analysts/${first.role_name}/rotate`, {
      token: tenant.token,
      method: "POST",
    });
    const second = analystLogin.parse(rotated.body);
    expect(second.password).not.toBe(first.password);
    await expect(open`select count(*) from analytics.orders`).rejects.toThrow();
    await open.end({ timeout: 1 });
    expect(await connect(first.connection_string)).toBe("28P01");
    expect(await connect(second.connection_string)).toBe(first.role_name);

    const gone = await api(`/analysts/${first.role_name}`, {
      token: tenant.token,
      method: "DELETE",
    });
    expect(gone.status).toBe(204);
    expect(await connect(second.connection_string)).toMatch(/^28/);
    for (const method of ["DELETE", "POST"]) {
      const path = `/analysts/${first.role_name}${method === "POST" ? "/rotate" : ""}`;
      expect((await api(path, { token: tenant.token, method })).status).toBe(404);
    }
    expect((await actions(first.role_name)).map(({ action }) => action)).toEqual([
      "analyst_created",
      "analyst_rotated",
      "analyst_revoked",
    ]);
  });

  it("is listed without its password", async () => {
    const { role_name, password } = await make({ label: "Listed" });
    const list = await api("/analysts", { token: tenant.token });
    const { data } = analystList.parse(list.body);
    expect(data.find((one) => one.role_name === role_name)).toMatchObject({ label: "Listed" });
    expect(JSON.stringify(list.body)).not.toContain(password);
  });

  it("ends when its time is up", async () => {
    const { connection_string, role_name } = await make({
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    });
    expect(await connect(connection_string)).toBe(role_name);
    await owner()`select set_config('client_min_messages', 'error', false)`;
    await owner().unsafe(`alter role ${role_name} valid until '2001-01-01'`);
    expect(await connect(connection_string)).toBe("28P01");
  });

  it("goes with its tenant", async () => {
    const other = await newTenant();
    const made = await api("/analysts", { token: other.token, body: { label: "Ana" } });
    const { connection_string, role_name } = analystLogin.parse(made.body);
    const open = postgres(connection_string, { max: 1, onnotice: () => {} });
    await open`select 1`;
    await owner()`delete from private.analysts where tenant_id = ${other.id}`;
    await expect(open`select 1`).rejects.toThrow();
    await open.end({ timeout: 1 });
    expect(await connect(connection_string)).toBe("28P01");
    expect(await owner()`select from pg_roles where rolname = ${role_name}`).toHaveLength(0);
  });

  it("has limits that a session cannot lift", async () => {
    const { connection_string } = await make();
    const sql = postgres(connection_string, { max: 1, onnotice: () => {} });
    try {
      const [row] = await sql<Record<string, string>[]>`
        select current_setting('statement_timeout') as statement,
          current_setting('work_mem') as memory, current_setting('temp_file_limit') as files,
          current_setting('default_transaction_read_only') as read_only`;
      expect(row).toEqual({ statement: "1min", memory: "32MB", files: "1GB", read_only: "on" });
      await expect(sql`set temp_file_limit = -1`).rejects.toMatchObject({ code: "42501" });
    } finally {
      await sql.end({ timeout: 1 });
    }
  });
});

describe("who may make logins", () => {
  it("is an admin, in their tenant", async () => {
    const { role_name } = await make();
    for (const role of ["viewer", "member"] as const) {
      const { token } = await tenant.join(role);
      const made = await api("/analysts", { token, tenant: tenant.id, body: { label: "x" } });
      expect(made.status, role).toBe(403);
    }
    const other = await newTenant();
    const path = `/analysts/${role_name}`;
    expect((await api(path, { token: other.token, method: "DELETE" })).status).toBe(404);
    expect((await api(`${path}/rotate`, { token: other.token, method: "POST" })).status).toBe(404);
    expect((await api("/analysts", { token: other.token })).body).toEqual({ data: [] });
    for (const name of ["postgres", "kontor_functions", "analyst", "analyst_x; drop role x"]) {
      const answer = await api(`/analysts/${encodeURIComponent(name)}`, {
        token: tenant.token,
        method: "DELETE",
      });
      expect(answer.status, name).toBe(404);
    }
  });

  it("asks for something sensible", async () => {
    for (const body of [{}, { label: " " }, { label: "x", expires_at: "2001-01-01T00:00:00Z" }]) {
      const answer = await api("/analysts", { token: tenant.token, body });
      expect(answer.status, JSON.stringify(body)).toBe(422);
    }
  });
});
