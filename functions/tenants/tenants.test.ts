import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Answer,
  api,
  newTenant,
  owner,
  type Person,
  rest,
  signIn,
  signUp,
} from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { RESERVED_SLUGS, tenant, tenantList } from "../_shared/contracts/tenancy.ts";

const freshSlug = () => `t-${randomUUID().slice(0, 13)}`;
const wish = (more: Record<string, unknown> = {}) => ({
  name: "Müller & Söhne 🏭",
  slug: freshSlug(),
  currency: "EUR",
  time_zone: "Europe/Berlin",
  ...more,
});
const refusal = ({ status, body }: Answer) => [status, problem.parse(body).code];

/** Somebody who tries, again and again, what is refused. */
let stubborn: Person;
beforeAll(async () => {
  stubborn = await signUp();
});

describe("making a tenant", () => {
  test("ends at fifty of one's own", async () => {
    const { id, token } = await signUp();
    await owner()`
      with made as (
        insert into public.tenants (slug, name, currency, time_zone)
        select 'fifty-' || n || ${`-${randomUUID().slice(0, 8)}`}, 'One of fifty', 'EUR', 'UTC'
        from generate_series(1, 50) as n returning id)
      insert into public.memberships (tenant_id, user_id, role)
      select made.id, ${id}, 'owner' from made`;
    expect(refusal(await api("/api/tenants", { token, body: wish() }))).toEqual([409, "conflict"]);
  });

  test("makes the caller its owner, and it is active without being named", async () => {
    const { token } = await signUp();
    const asked = wish({ locale: "de-AT" });
    const made = await api("/api/tenants", { token, body: asked });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ ...asked, role: "owner", version: 1, order_prefix: "SO-" });
    const { id } = tenant.parse(made.body);
    expect(made.headers.get("etag")).toBe('"1"');
    expect(made.headers.get("location")).toMatch(new RegExp(`/tenants/${id}$`));
    const session = await api("/api/auth/session", { token });
    expect(session.body).toMatchObject({ tenants: [{ id, role: "owner" }] });
    const members = await api("/api/members", { token });
    expect(members.status).toBe(200);
  });

  test("a short name that is taken is a conflict", async () => {
    const { slug, token } = await newTenant();
    const again = await api("/api/tenants", { token, body: wish({ slug }) });
    expect(refusal(again)).toEqual([409, "conflict"]);
  });

  test.each([
    ...["ab", "x".repeat(41), "Acme", "acme trading", "-acme", "acme-", "ac--me", "ac_me", "мир"],
    ...["api", "auth", "signin", "docs", "admin", "new", "invitations", "health", "_astro"],
  ])("refuses the short name %j", async (slug) => {
    const refused = await api("/api/tenants", { token: stubborn.token, body: wish({ slug }) });
    expect(refusal(refused)).toEqual([422, "validation_failed"]);
    expect(problem.parse(refused.body).errors?.[0]?.path).toBe("slug");
    const called = await rest("/rpc/create_tenant", {
      token: stubborn.token,
      body: { payload: wish({ slug }) },
    });
    expect(called).toMatchObject({ status: 400, body: { code: "23514" } });
  });

  test("reserves the same short names at either door", async () => {
    const [kept] = await owner()`
      select pg_get_constraintdef(oid) as rule from pg_constraint
      where conname = 'tenants_slug_reserved'`;
    const words = [...String(kept?.["rule"]).matchAll(/'([^']+)'/g)].map(([, word]) => word);
    expect(words.length).toBeGreaterThan(0);
    expect(words.sort()).toEqual([...RESERVED_SLUGS].sort());
  });

  test.each([
    [{ currency: "EURO" }, "currency"],
    [{ currency: "XXX" }, "currency"],
    [{ time_zone: "Mars/Olympus" }, "time_zone"],
    [{ time_zone: "x\0y" }, "time_zone"],
    [{ name: "   " }, "name"],
    [{ name: undefined }, "name"],
    [{ name: "x".repeat(201) }, "name"],
    [{ id: randomUUID() }, "id"],
    [{ owner: "me" }, "owner"],
  ])("refuses %j, naming %s", async (more, path) => {
    const refused = await api("/api/tenants", { token: stubborn.token, body: wish(more) });
    expect(refusal(refused)).toEqual([422, "validation_failed"]);
    expect(problem.parse(refused.body).errors?.[0]?.path).toBe(path);
  });

  test("takes somebody signed in", async () => {
    expect(refusal(await api("/api/tenants", { body: wish() }))).toEqual([401, "unauthenticated"]);
  });

  test("twice under one Idempotency-Key makes one", async () => {
    const { token } = await signUp();
    const body = wish();
    const headers = { "idempotency-key": randomUUID() };
    const first = await api("/api/tenants", { token, body, headers });
    const second = await api("/api/tenants", { token, body, headers });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    const other = await api("/api/tenants", { token, body: wish(), headers });
    expect(refusal(other)).toEqual([409, "idempotency_conflict"]);
  });
});

describe("a tenant", () => {
  test("is read by its members only, with its version as the entity tag", async () => {
    const { id, token } = await newTenant();
    const read = await api(`/api/tenants/${id}`, { token });
    expect(read.status).toBe(200);
    const etag = read.headers.get("etag") ?? "";
    const again = await api(`/api/tenants/${id}`, { token, headers: { "if-none-match": etag } });
    expect([again.status, again.body]).toEqual([304, ""]);
    const stranger = await api(`/api/tenants/${id}`, { token: (await signUp()).token });
    expect(refusal(stranger)).toEqual([404, "not_found"]);
    expect(refusal(await api("/api/tenants/nonsense", { token }))).toEqual([404, "not_found"]);
  });

  test("is listed with every other one the person belongs to", async () => {
    const token = await signIn("both@example.test");
    const { body } = await api("/api/tenants", { token });
    const roles = tenantList.parse(body).data.map(({ slug, role }) => [slug, role]);
    expect(roles).toEqual([["acme", "member"], ["globex", "viewer"]]);
  });

  test("is changed by admins and owners, not by members or strangers", async () => {
    const { id, token, join } = await newTenant();
    const path = `/api/tenants/${id}`;
    const admin = await join("admin");
    const changed = await api(path, {
      token: admin.token,
      method: "PATCH",
      body: { name: "Renamed", time_zone: "Asia/Tokyo", currency: "JPY", order_prefix: "A/" },
    });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      name: "Renamed",
      time_zone: "Asia/Tokyo",
      currency: "JPY",
      order_prefix: "A/",
      version: 2,
    });
    for (const role of ["member", "viewer"] as const) {
      const person = await join(role);
      const refused = await api(path, {
        token: person.token,
        method: "PATCH",
        body: { name: "x" },
      });
      expect(refusal(refused)).toEqual([403, "forbidden"]);
    }
    const stranger = await signUp();
    const unseen = await api(path, { token: stranger.token, method: "PATCH", body: { name: "x" } });
    expect(refusal(unseen)).toEqual([404, "not_found"]);
    const read = await api(path, { token });
    expect(read.body).toMatchObject({ name: "Renamed" });
  });

  test("has an address and a tax number for its documents, and can do without", async () => {
    const { id, token } = await newTenant();
    const path = `/api/tenants/${id}`;
    const change = (body: unknown) => api(path, { token, method: "PATCH", body });
    const address = { line1: "Hafenstraße 12", city: "Hamburg" };
    expect((await change({ address, tax_id: "DE1" })).body).toMatchObject({
      address,
      tax_id: "DE1",
    });
    expect((await change({ name: "Renamed" })).body).toMatchObject({ address, tax_id: "DE1" });
    const without = { address: null, tax_id: null };
    expect((await change(without)).body).toMatchObject(without);
    expect(refusal(await change({ address: "Hamburg" }))).toEqual([422, "validation_failed"]);
  });

  test("keeps what somebody else changed meanwhile", async () => {
    const { id, token } = await newTenant();
    const change = (name: string, match: string) =>
      api(`/api/tenants/${id}`, {
        token,
        method: "PATCH",
        body: { name },
        headers: { "if-match": match },
      });
    expect((await change("First", '"1"')).headers.get("etag")).toBe('"2"');
    expect(refusal(await change("Second", '"1"'))).toEqual([412, "version_mismatch"]);
    expect(refusal(await change("Third", '"x"'))).toEqual([412, "version_mismatch"]);
    expect((await change("Fourth", '"1", "2"')).status).toBe(200);
    const stale = await api(`/api/tenants/${id}`, {
      token,
      method: "DELETE",
      headers: { "if-match": '"2"' },
    });
    expect(refusal(stale)).toEqual([412, "version_mismatch"]);
    expect((await api(`/api/tenants/${id}`, { token })).status).toBe(200);
  });

  test.each([[{ slug: "other-name" }, "slug"], [{ currency: null }, "currency"], [{
    time_zone: "CEST+9",
  }, "time_zone"]])(
    "does not take %j",
    async (body, path) => {
      const { id, token } = await newTenant();
      const refused = await api(`/api/tenants/${id}`, { token, method: "PATCH", body });
      expect(refusal(refused)).toEqual([422, "validation_failed"]);
      expect(problem.parse(refused.body).errors?.[0]?.path).toBe(path);
    },
  );

  test("is deleted by an owner, and then nobody sees it", async () => {
    const { id, token, join } = await newTenant();
    const admin = await join("admin");
    const path = `/api/tenants/${id}`;
    const refused = await api(path, { token: admin.token, method: "DELETE" });
    expect(refusal(refused)).toEqual([403, "forbidden"]);
    expect((await api(path, { token, method: "DELETE" })).status).toBe(204);
    for (const person of [token, admin.token]) {
      expect(refusal(await api(path, { token: person }))).toEqual([404, "not_found"]);
      const { body } = await api("/api/tenants", { token: person });
      expect(tenantList.parse(body).data).toEqual([]);
    }
    const members = await api("/api/members", { token, tenant: id });
    expect(refusal(members)).toEqual([403, "forbidden"]);
  });
});
