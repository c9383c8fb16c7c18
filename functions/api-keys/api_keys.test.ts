/** An API key's life, through /api and /rest/v1: the same rules at both doors. */
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  api,
  newTenant,
  owner,
  portalUrl,
  rest,
  stack,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { madeApiKey } from "../_shared/contracts/api_keys.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
});

const caller = () => ({ token: tenant.token, tenant: tenant.id });

async function make(body: Record<string, unknown> = {}) {
  const answer = await api("/api-keys", {
    ...caller(),
    body: { label: "Shop", role: "member", ...body },
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return madeApiKey.parse(answer.body);
}

const customer = { name: "From a machine" };

describe("an API key", () => {
  it("reads and writes its tenant through both doors, naming no tenant", async () => {
    const { key, id } = await make();
    const made = await api("/customers", { token: key, body: customer });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const found = z.object({ id: z.string(), name: z.string() });
    const { id: customerId } = found.parse(made.body);
    const rows = await rest(`customers?select=id,name&id=eq.${customerId}`, { token: key });
    expect(rows.body).toEqual([{ id: customerId, name: customer.name }]);
    const patched = await rest(`customers?id=eq.${customerId}`, {
      token: key,
      method: "PATCH",
      body: { name: "Renamed" },
      headers: { prefer: "return=representation" },
    });
    expect(patched.status).toBe(200);

    const entries = await owner()`
      select actor_kind, actor_id, metadata ->> 'door' as door from audit.entries
      where tenant_id = ${tenant.id} and entity_id = ${customerId} order by id`;
    expect([...entries]).toEqual([
      { actor_kind: "api_key", actor_id: id, door: "api" },
      { actor_kind: "api_key", actor_id: id, door: "rest" },
    ]);
  });

  it("is shown once, and never again its hash or itself", async () => {
    const { key, ...shown } = await make({ label: "Once" });
    const list = await api("/api-keys", caller());
    expect(list.body).toMatchObject({ data: expect.arrayContaining([shown]) });
    expect(JSON.stringify(list.body)).not.toContain(key);
    const columns = await rest("api_keys?select=key_hash", caller());
    expect(columns.status).toBe(403);
    const [logged] = await owner()`
      select changes::text as changes from audit.entries
      where tenant_id = ${tenant.id} and entity_id = ${shown.id} and action = 'key_created'`;
    expect(logged?.changes).toContain("Once");
    expect(logged?.changes).not.toContain("hash");
  });

  it("says when and from where it was used", async () => {
    const { key, id } = await make();
    await api("/orders", { token: key });
    const list = await api("/api-keys", caller());
    const { data } = z.object({ data: z.array(madeApiKey.omit({ key: true })) }).parse(list.body);
    const used = data.find((one) => one.id === id);
    expect(used?.last_used_at).not.toBeNull();
    expect(used?.last_used_ip).toBe("127.0.0.1");
  });

  it("ends at both doors at the next request once it is revoked", async () => {
    const { key, id } = await make();
    expect((await api("/orders", { token: key })).status).toBe(200);
    expect((await rest("orders?limit=1", { token: key })).status).toBe(200);
    expect((await api("/tenants", { token: key })).status).toBe(200);
    expect((await api(`/api-keys/${id}`, { ...caller(), method: "DELETE" })).status).toBe(204);
    expect((await api("/orders", { token: key })).status).toBe(401);
    expect((await api("/tenants", { token: key })).status).toBe(401);
    expect((await rest("orders?limit=1", { token: key })).status).toBe(401);
    expect((await api(`/api-keys/${id}`, { ...caller(), method: "DELETE" })).status).toBe(404);
  });

  it("ends when its time is up, and when its maker leaves", async () => {
    const admin = await tenant.join("admin");
    const { key, id } = await make();
    await owner()`update public.api_keys set expires_at = now() where id = ${id}`;
    expect((await api("/orders", { token: key })).status).toBe(401);

    const theirs = madeApiKey.parse(
      (await api("/api-keys", { token: admin.token, body: { label: "Theirs", role: "admin" } }))
        .body,
    );
    const { key: admins } = theirs;
    expect((await api("/api-keys", { token: admins })).status).toBe(200);
    await owner()`update public.memberships set role = 'viewer' where user_id = ${admin.id}`;
    expect((await api("/api-keys", { token: admins })).status).toBe(403);
    expect((await api("/orders", { token: admins })).status).toBe(200);
    await owner()`delete from public.memberships where user_id = ${admin.id}`;
    expect((await api("/orders", { token: admins })).status).toBe(401);
    expect((await rest("orders?limit=1", { token: admins })).status).toBe(401);
  });

  it("has its role and no more", async () => {
    const { key } = await make({ role: "viewer" });
    expect((await api("/orders", { token: key })).status).toBe(200);
    expect((await api("/customers", { token: key, body: customer })).status).toBe(403);
    const insert = await rest("customers", { token: key, body: customer });
    expect(insert.status).toBe(403);
  });

  it("has its scopes and no more, through embedding too", async () => {
    const { key } = await make({ scopes: ["orders:read", "products:write"] });
    expect((await api("/orders", { token: key })).status).toBe(200);
    expect((await api("/customers", { token: key })).status).toBe(403);
    expect((await api("/members", { token: key })).status).toBe(403);
    const order = { items: [{ name: "A thing", quantity: 1, unit_price: 1 }] };
    expect((await api("/orders", { token: key, body: order })).status).toBe(403);
    const product = { sku: `K-${Date.now()}`, name: "A thing", unit_price: 1 };
    expect((await api("/products", { token: key, body: product })).status).toBe(201);
    expect((await api("/products", { token: key })).status).toBe(200);

    await api("/customers", { ...caller(), body: customer });
    expect((await rest("customers?limit=1", { token: key })).body).toEqual([]);
    expect((await rest("memberships?limit=1", { token: key })).body).toEqual([]);
    const embedded = await rest("orders?select=id,customers(name)&customers=not.is.null", {
      token: key,
    });
    expect(embedded.body).toEqual([]);
    expect((await rest("rpc/search_customers", { token: key, body: { q: "machine" } })).status)
      .toBe(403);
    const elsewhere = await api("/orders/export", {
      token: (await make({ scopes: ["exports:write"] })).key,
      body: { format: "csv" },
    });
    expect(elsewhere.status).toBe(403);
  });

  it("is shown what its scopes name: lists, single records and exports", async () => {
    const create = async (path: string, body: Record<string, unknown>) => {
      const made = await api(path, { ...caller(), body });
      expect(made.status, JSON.stringify(made.body)).toBe(201);
      return z.object({ id: z.string() }).parse(made.body).id;
    };
    const name = `Scoped ${crypto.randomUUID()}`;
    const made = {
      customers: await create("/customers", { name }),
      products: await create("/products", { sku: name, name, unit_price: 1 }),
      orders: await create("/orders", { items: [{ name, quantity: 1, unit_price: 1 }] }),
    };
    const listed = z.object({ data: z.array(z.object({ id: z.string() })) });
    const { key: reader } = await make({
      role: "viewer",
      scopes: ["customers:read", "products:read", "orders:read"],
    });
    for (const [collection, id] of Object.entries(made)) {
      const page = await api(`/${collection}`, { token: reader });
      expect(listed.parse(page.body).data.map((row) => row.id), collection).toContain(id);
      const one = await api(`/${collection}/${id}`, { token: reader });
      expect([one.status, one.body], collection).toMatchObject([200, { id }]);
    }

    const today = await api("/orders?placed_from=2020-01-01", { token: reader });
    expect(listed.parse(today.body).data.map((row) => row.id)).toContain(made.orders);

    const { key: writer } = await make({ scopes: ["orders:read", "exports:write"] });
    const asked = await api("/orders/export", { token: writer, body: { format: "csv" } });
    expect(asked.status, JSON.stringify(asked.body)).toBe(202);
    const { id } = z.object({ export: z.object({ id: z.string() }) }).parse(asked.body).export;
    const one = await api(`/exports/${id}`, { token: writer });
    expect([one.status, one.body]).toMatchObject([200, { id }]);
    const page = await api("/exports", { token: writer });
    expect(listed.parse(page.body).data.map((row) => row.id)).toContain(id);
  });

  it("is for one tenant, whichever others its maker belongs to", async () => {
    const { key } = await make({ role: "admin" });
    const other = await newTenant();
    await owner()`
      insert into public.memberships (tenant_id, user_id, role)
      values (${other.id}, ${tenant.owner.id}, 'owner')`;
    expect((await api("/orders", { token: key, tenant: other.id })).status).toBe(403);
    expect((await rest("orders?limit=1", { token: key, tenant: other.id })).status).toBe(403);
    const tenants = await api("/tenants", { token: key });
    expect(tenants.body).toMatchObject({ data: [{ id: tenant.id }] });
    expect((await rest("rpc/my_tenants", { token: key, method: "POST", body: {} })).body)
      .toMatchObject([{ id: tenant.id }]);
    await owner()`
      delete from public.memberships
      where tenant_id = ${other.id} and user_id = ${tenant.owner.id}`;
  });

  it("does nothing that is a person's to do", async () => {
    const { key } = await make({ role: "owner" });
    expect((await api("/auth/session", { token: key })).status).toBe(403);
    expect((await api("/api-keys", { token: key, body: { label: "x", role: "viewer" } })).status)
      .toBe(403);
    const body = { name: "Mine", slug: "keys-own", currency: "EUR", time_zone: "Europe/Berlin" };
    expect((await api("/tenants", { token: key, body })).status).toBe(403);
    const renamed = await rest(`people?id=eq.${tenant.owner.id}`, {
      token: key,
      method: "PATCH",
      body: { name: "Somebody" },
      headers: { prefer: "return=representation" },
    });
    expect(renamed.body).toEqual([]);
    const leave = await api(`/members/${tenant.owner.id}`, { token: key, method: "DELETE" });
    expect(leave.status).toBe(409); // the last owner: a key of an owner manages like one
  });
});

describe("what is no live API key", () => {
  it("is refused at both doors", async () => {
    const { key } = await make();
    const wrong = [
      key.slice(0, -1),
      `${key}0`,
      key.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
      "kontor_",
      "kontor_0123456789_",
      `kontor_${"0".repeat(10)}_${"0".repeat(64)}`,
      "kontor_' or 1=1 --",
    ];
    for (const token of wrong) {
      expect((await api("/orders", { token })).status, token).toBe(401);
      expect((await rest("orders?limit=1", { token })).status, token).toBe(401);
    }
  });

  it("is a key in the address", async () => {
    const { key } = await make();
    for (const name of ["api_key", "apikey", "access_token", "token"]) {
      expect((await api(`/orders?${name}=${key}`)).status, name).toBe(401);
    }
    expect((await rest(`orders?limit=1&apikey=${key}`)).status).not.toBe(200);
  });

  it("is a key, or anything made of it, at the auth server", async () => {
    const { key } = await make({ role: "viewer" });
    for (const apikey of [undefined, stack().anon_key, key, tenant.token]) {
      for (const origin of [stack().api_url + "/functions/v1", portalUrl() + "/api"]) {
        const { status } = await fetch(`${origin}/api-keys/token`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}`, ...(apikey && { apikey }) },
        });
        expect(status).toBe(401);
      }
    }
    const { status } = await fetch(`${stack().api_url}/auth/v1/user`, {
      method: "PUT",
      headers: {
        apikey: stack().anon_key,
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ password: "somebody else's" }),
    });
    expect([401, 403]).toContain(status);
  });

  it("is what a key was exchanged for, at /api", async () => {
    const { key } = await make();
    const exchanged = await api("/api-keys/token", { token: key, method: "POST" });
    expect(exchanged.status).toBe(401);
    const byGateway = await fetch(`${portalUrl()}/api/api-keys/token`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, apikey: stack().service_role_key },
    });
    const { access_token } = z.object({ access_token: z.string() })
      .parse(await byGateway.json());
    expect((await api("/orders", { token: access_token })).status).toBe(401);
    expect((await rest("orders?limit=1", { token: access_token })).status).toBe(200);
  });
});

describe("making keys", () => {
  it("is for admins, up to their own role", async () => {
    const body = { label: "x", role: "viewer" };
    for (const role of ["viewer", "member"] as const) {
      const { token } = await tenant.join(role);
      expect((await api("/api-keys", { token, tenant: tenant.id, body })).status, role).toBe(403);
      expect((await api("/api-keys", { token, tenant: tenant.id })).status, role).toBe(403);
      expect((await rest("api_keys?select=id", { token, tenant: tenant.id })).body, role).toEqual(
        [],
      );
    }
    const admin = await tenant.join("admin");
    const above = await api("/api-keys", {
      token: admin.token,
      tenant: tenant.id,
      body: { label: "x", role: "owner" },
    });
    expect(above.status).toBe(403);
  });

  it("needs sensible wishes", async () => {
    const wrong = [
      {},
      { label: "", role: "viewer" },
      { label: "x", role: "god" },
      { label: "x", role: "viewer", scopes: [] },
      { label: "x", role: "viewer", scopes: ["orders:delete"] },
      { label: "x", role: "viewer", scopes: "orders:read" },
      { label: "x", role: "viewer", expires_at: "2001-01-01T00:00:00Z" },
      { label: "x", role: "viewer", tenant_id: tenant.id },
    ];
    for (const body of wrong) {
      const answer = await api("/api-keys", { ...caller(), body });
      expect(answer.status, JSON.stringify(body)).toBe(422);
      const called = await rest("rpc/create_api_key", { ...caller(), body: { payload: body } });
      expect([400, 422], JSON.stringify(body)).toContain(called.status);
    }
  });

  it("shows nothing of another tenant's", async () => {
    const { id } = await make();
    const other = await newTenant();
    expect((await api(`/api-keys/${id}`, { token: other.token, method: "DELETE" })).status)
      .toBe(404);
    expect((await api("/api-keys", { token: other.token })).body).toEqual({ data: [] });
  });
});
