import postgres from "postgres";
import { expect, it } from "vitest";
import {
  api,
  type Call,
  newTenant,
  owner,
  portalUrl,
  rest,
  stack,
} from "../../scripts/stack/testing.ts";

type Row = {
  actor_kind: string;
  actor_id: string;
  action: string;
  changes: Record<string, [unknown, unknown]>;
  ip: string | null;
  user_agent: string | null;
  request_id: string | null;
  metadata: Record<string, unknown>;
};

/** What a client may say of itself, and must not be believed. */
const LIES = {
  "x-forwarded-for": "6.6.6.6",
  "x-real-ip": "6.6.6.6",
  forwarded: "for=6.6.6.6",
  "x-forwarded-prefix": "/api",
};

it("the same edit of an order through all four doors: who, through which, from where, what", async () => {
  const tenant = await newTenant();
  const made = await api("/api/orders", {
    token: tenant.token,
    body: { items: [{ name: "Bolt", quantity: 1, unit_price: 2 }] },
  });
  const { id } = made.body as { id: string };
  const edit = (notes: string, headers: Record<string, string>): Call => ({
    token: tenant.token,
    tenant: tenant.id,
    method: "PATCH",
    body: { notes },
    headers,
  });
  const asked = (door: string) => ({
    ...LIES,
    "user-agent": `tests of ${door}`,
    "x-request-id": `r-${door}`,
  });

  const portal = await fetch(`${portalUrl()}/api/orders/${id}`, {
    method: "PATCH",
    headers: {
      ...asked("portal"),
      authorization: `Bearer ${tenant.token}`,
      "content-type": "application/json",
      "x-tenant-id": tenant.id,
    },
    body: JSON.stringify({ notes: "by portal" }),
  });
  expect(portal.status).toBe(200);
  expect((await api(`/api/orders/${id}`, edit("by api", asked("api")))).status).toBe(200);
  expect((await rest(`/orders?id=eq.${id}`, edit("by rest", asked("rest")))).status).toBe(204);
  const psql = postgres(stack().database_url, {
    max: 1,
    connection: { application_name: "psql" },
  });
  await psql.begin(async (tx) => {
    // An operator may set what they like: it is not who they are.
    await tx`select set_config('request.jwt.claims', ${JSON.stringify({ sub: tenant.owner.id })}, true),
      set_config('request.headers', ${JSON.stringify(LIES)}, true)`;
    await tx`update public.orders set notes = 'by sql' where id = ${id}`;
  });
  await psql.end();

  const rows = await owner()<Row[]>`
    select actor_kind, actor_id, action, changes, host(ip) as ip, user_agent, request_id, metadata
    from audit.entries where tenant_id = ${tenant.id} and entity_type = 'order' and entity_id = ${id}
      and changes ? 'notes' order by id`;
  const person = {
    actor_kind: "user",
    actor_id: tenant.owner.id,
    action: "update",
    ip: "127.0.0.1",
  };
  expect(rows).toEqual([
    {
      ...person,
      changes: { notes: [null, "by portal"] },
      user_agent: "tests of portal",
      request_id: "r-portal",
      metadata: { door: "portal", currency: "EUR" },
    },
    {
      ...person,
      changes: { notes: ["by portal", "by api"] },
      user_agent: "tests of api",
      request_id: "r-api",
      metadata: { door: "api", currency: "EUR" },
    },
    {
      ...person,
      changes: { notes: ["by api", "by rest"] },
      user_agent: "tests of rest",
      request_id: "r-rest",
      metadata: { door: "rest", currency: "EUR" },
    },
    {
      ...person,
      actor_kind: "system",
      actor_id: "postgres",
      changes: { notes: ["by rest", "by sql"] },
      user_agent: "psql",
      request_id: null,
      metadata: { door: "sql", currency: "EUR" },
    },
  ]);
});

it("what the worker does is told apart, and whom it does it for", async () => {
  const tenant = await newTenant();
  await api("/api/customers", { token: tenant.token, body: { name: "One" } });
  const asked = await api("/api/customers/export", {
    token: tenant.token,
    body: { format: "csv" },
  });
  const { id } = (asked.body as { export: { id: string } }).export;
  await expect
    .poll(
      async () => {
        const rows = await owner()`
        select actor_kind, actor_id, action, metadata ->> 'door' as door, changes #>> '{status,1}' as status
        from audit.entries where tenant_id = ${tenant.id} and entity_type = 'export' and entity_id = ${id}
        order by id`;
        return rows.map((row) => ({ ...row }));
      },
      { timeout: 20_000 },
    )
    .toEqual([
      {
        actor_kind: "user",
        actor_id: tenant.owner.id,
        action: "export",
        door: "api",
        status: "queued",
      },
      {
        actor_kind: "user",
        actor_id: tenant.owner.id,
        action: "update",
        door: "task",
        status: "running",
      },
      {
        actor_kind: "user",
        actor_id: tenant.owner.id,
        action: "update",
        door: "task",
        status: "succeeded",
      },
    ]);
});
