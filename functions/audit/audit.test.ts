import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, test } from "vitest";
import {
  api,
  newTenant,
  owner,
  type Person,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { type AuditEntry, auditList } from "../_shared/contracts/audit.ts";
import { problem } from "../_shared/contracts/common.ts";

let tenant: TestTenant;
let member: Person;
let customer: string;
beforeAll(async () => {
  tenant = await newTenant({ timeZone: "Pacific/Auckland" });
  member = await tenant.join("member");
  const made = await api("/api/customers", {
    token: member.token,
    body: { name: '=HYPERLINK("x"), Ltd' },
  });
  customer = (made.body as { id: string }).id;
  await api(`/api/customers/${customer}`, {
    method: "PATCH",
    token: tenant.token,
    body: { name: "Renamed" },
  });
});

async function list(query = "", token = tenant.token): Promise<AuditEntry[]> {
  const answer = await api(`/api/audit${query}`, { token, tenant: tenant.id });
  expect([answer.status, answer.body]).toMatchObject([200, {}]);
  return auditList.parse(answer.body).data;
}

describe("GET /api/audit", () => {
  test("tells who did what, newest first", async () => {
    const entries = await list(`?entity_type=customer&entity_id=${customer}`);
    expect(entries).toEqual([
      {
        id: expect.any(String),
        at: expect.any(String),
        actor: { kind: "user", id: tenant.owner.id, email: tenant.owner.email },
        action: "update",
        entity_type: "customer",
        entity_id: customer,
        changes: { name: ['=HYPERLINK("x"), Ltd', "Renamed"] },
        ip: "127.0.0.1",
        user_agent: expect.any(String),
        request_id: expect.any(String),
        metadata: { door: "api" },
      },
      expect.objectContaining({
        action: "create",
        actor: { kind: "user", id: member.id, email: member.email },
      }),
    ]);
  });

  test("is filtered by actor, action and time, and paged", async () => {
    const all = await list("?limit=200");
    const ids = (entries: AuditEntry[]) => entries.map(({ id }) => id);
    expect(ids(await list(`?actor_id=${member.id}`))).toEqual(
      ids(all.filter(({ actor }) => actor.id === member.id)),
    );
    expect(ids(await list("?action=create"))).toEqual(
      ids(all.filter(({ action }) => action === "create")),
    );
    expect(await list("?action=role_change")).toEqual([]);
    const day = new Intl.DateTimeFormat("sv", { timeZone: "Pacific/Auckland" }).format(new Date());
    expect(ids(await list(`?from=${day}&to=${day}&limit=200`))).toEqual(ids(all));
    expect(await list("?to=2020-01-01")).toEqual([]);
    expect(await list(`?from=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`))
      .toEqual([]);

    const paged: string[] = [];
    let cursor = "";
    do {
      const { body } = await api(`/api/audit?limit=2${cursor}`, { token: tenant.token });
      const { data, page } = auditList.parse(body);
      paged.push(...ids(data));
      expect(page.total).toEqual({ count: all.length, kind: "exact" });
      cursor = page.next_cursor === null ? "" : `&cursor=${encodeURIComponent(page.next_cursor)}`;
    } while (cursor !== "");
    expect(paged).toEqual(ids(all));
  });

  test.each(["action=nothing", "from=yesterday", "colour=red", "limit=0", "sort=at"])(
    "refuses ?%s",
    async (query) => {
      const { status, body } = await api(`/api/audit?${query}`, { token: tenant.token });
      expect([status, problem.parse(body).code]).toEqual([400, "invalid_query"]);
    },
  );

  test("is for admins, of their own tenant", async () => {
    const other = await newTenant();
    for (const path of ["audit", "audit/export", "audit/retention"]) {
      expect((await api(path, { token: member.token, tenant: tenant.id })).status).toBe(403);
      expect((await api(path, { token: other.token, tenant: tenant.id })).status).toBe(403);
    }
    const theirs = await api(`/api/audit?entity_id=${customer}`, { token: other.token });
    expect(auditList.parse(theirs.body).data).toEqual([]);
    const admin = await tenant.join("admin");
    expect((await list("?limit=1", admin.token)).length).toBe(1);
    for (
      const [path, method, body] of [
        ["audit/retention", "PUT", { days: 90 }],
        ["audit/erase", "POST", { entity_type: "customer", entity_id: customer }],
      ] as const
    ) {
      const refused = await api(path, { method, body, token: admin.token });
      expect([path, refused.status]).toEqual([path, 403]);
    }
  });
});

test("the CSV holds what the list holds, runs no formula, and is itself in the log", async () => {
  const other = await newTenant();
  await owner()`
    insert into public.customers (tenant_id, name)
    select ${other.id}, '=1+1 "' || n || E'",\n;' from generate_series(1, 2300) as n`;
  const { status, headers, body } = await api("/api/audit/export?entity_type=customer", {
    token: other.token,
  });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(headers.get("content-disposition")).toMatch(
    /^attachment; filename="?audit-\d{4}-\d\d-\d\d\.csv"?$/,
  );
  const rows = parse<Record<string, string>>(String(body), {
    columns: true,
    record_delimiter: "\r\n",
  });
  expect(rows).toHaveLength(2300);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(2300);
  const names = rows.map(({ changes }) => JSON.parse(changes ?? "").name[1]);
  expect(names).toContain('=1+1 "1",\n;');
  expect(rows[0]).toMatchObject({ action: "create", door: "sql", actor_kind: "system" });
  const recorded = await api("/api/audit?action=download", { token: other.token });
  expect(auditList.parse(recorded.body).data).toMatchObject([
    { entity_type: "audit_log", metadata: { door: "api", entity_type: "customer" } },
  ]);
});

test("refused writes are recorded with the reason, once the write is rolled back", async () => {
  const viewer = await tenant.join("viewer");
  const refused = await api(`/api/customers/${customer}`, {
    method: "PATCH",
    token: viewer.token,
    body: { name: "Mine" },
    headers: { "x-request-id": "refused-1" },
  });
  expect(refused.status).toBe(403);
  // No write, no entry; and strangers leave nothing in a log that is not theirs.
  expect((await api("/api/audit", { token: viewer.token })).status).toBe(403);
  const stranger = await newTenant();
  await api("/api/orders", { token: stranger.token, tenant: tenant.id, body: { items: [] } });
  const promoted = await api(`/api/members/${tenant.owner.id}`, {
    method: "PATCH",
    token: viewer.token,
    body: { role: "viewer" },
  });
  expect(promoted.status).toBe(403);
  expect(await list(`?action=refused&actor_id=${viewer.id}`)).toMatchObject([
    { entity_type: "member", entity_id: tenant.owner.id },
    {
      actor: { kind: "user", id: viewer.id, email: viewer.email },
      entity_type: "customer",
      entity_id: customer,
      request_id: "refused-1",
      ip: "127.0.0.1",
      changes: {},
      metadata: {
        door: "api",
        method: "PATCH",
        path: `/functions/v1/customers/${customer}`,
        code: "forbidden",
        reason: "This takes the role member.",
      },
    },
  ]);
});

test("an order's paper and an export's address are downloads, once a minute", async () => {
  const placed = await api("/api/orders", {
    token: member.token,
    body: { items: [{ name: "Bolt", quantity: 1, unit_price: 1 }] },
  });
  const { id } = placed.body as { id: string };
  for (let again = 0; again < 2; again++) {
    const print = () => api(`/api/orders/${id}/pdf`, { token: member.token });
    // A busy printer says 503 and is asked again.
    await expect.poll(async () => (await print()).status, { timeout: 60_000 }).toBe(200);
  }
  expect(await list(`?action=download&actor_id=${member.id}`)).toMatchObject([
    {
      entity_type: "document",
      entity_id: id,
      metadata: { door: "api", of: `order:${id}`, document: "confirmation" },
    },
  ]);
  const { body } = await api(`/api/orders/${id}/timeline`, { token: member.token });
  expect(body).toMatchObject({ data: [{ kind: "document_made" }, { kind: "created" }] });
});
