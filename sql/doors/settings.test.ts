/** Who may what with a tenant's settings: its own fields, its name, its logo. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiUrl, owner, portalUrl, stack } from "../../scripts/stack/testing.ts";
import { type Household, household, type Role } from "./cast.ts";
import type { Outcome, Visitor } from "./door.ts";

const reads = ["read fields"] as const;
const writes = ["add field", "change field", "remove field", "rename tenant"] as const;
const viaApi = ["upload logo", "set logo"] as const;
const verbs = [...reads, ...writes, ...viaApi];
type Verb = (typeof verbs)[number];

/** A tenant, one of its fields and a picture of its own that could be its logo. */
type Target = { tenant: string; field: string; logo: string };
type Request = { path: string; method?: string; body?: unknown };
type Door = { url: string; headers(visitor: Visitor): Record<string, string> };

const bearer = ({ token }: Visitor) => ({ authorization: `Bearer ${token}` });
const tenantOf = ({ tenant }: Visitor): Record<string, string> =>
  tenant === null ? {} : { "x-tenant-id": tenant };

const portal = (): Door => ({
  url: `${portalUrl()}/api`,
  headers: (visitor) => ({ cookie: visitor.cookie, origin: portalUrl(), ...tenantOf(visitor) }),
});
const functions = (): Door => ({
  url: `${apiUrl()}/functions/v1`,
  headers: (visitor) => ({ ...bearer(visitor), ...tenantOf(visitor) }),
});
const rest = (): Door => ({
  url: `${apiUrl()}/rest/v1`,
  headers: (visitor) => ({
    ...bearer(visitor),
    ...tenantOf(visitor),
    apikey: stack().anon_key,
    prefer: "return=representation",
  }),
});

const field = () => ({
  entity: "product",
  key: `field_${crypto.randomUUID().slice(0, 8)}`,
  label: "Slipped in",
  type: "text",
});

const throughApi: Record<Verb, (target: Target) => Request> = {
  "read fields": () => ({ path: "custom-fields" }),
  "add field": () => ({ path: "custom-fields", method: "POST", body: field() }),
  "change field": (at) => ({
    path: `custom-fields/${at.field}`,
    method: "PATCH",
    body: { label: "Mine" },
  }),
  "remove field": (at) => ({ path: `custom-fields/${at.field}`, method: "DELETE" }),
  "rename tenant": (at) => ({
    path: `tenants/${at.tenant}`,
    method: "PATCH",
    body: { name: "Mine" },
  }),
  "upload logo": (at) => ({
    path: "uploads/presign",
    method: "POST",
    body: {
      file_name: "Logo.png",
      content_type: "image/png",
      byte_size: 1,
      entity_type: "tenant",
      entity_id: at.tenant,
    },
  }),
  "set logo": (at) => ({
    path: `tenants/${at.tenant}`,
    method: "PATCH",
    body: { logo_id: at.logo },
  }),
};

/** Straight to the tables; a logo is only named by the function that the API calls. */
const throughRest: Record<Verb, (target: Target) => Request> = {
  "read fields": (at) => ({ path: `custom_fields?select=id&id=eq.${at.field}` }),
  "add field": (at) => ({
    path: "custom_fields",
    method: "POST",
    body: { ...field(), tenant_id: at.tenant },
  }),
  "change field": (at) => ({
    path: `custom_fields?id=eq.${at.field}`,
    method: "PATCH",
    body: { label: "Mine" },
  }),
  "remove field": (at) => ({ path: `custom_fields?id=eq.${at.field}`, method: "DELETE" }),
  "rename tenant": (at) => ({
    path: `tenants?id=eq.${at.tenant}`,
    method: "PATCH",
    body: { name: "Mine" },
  }),
  "upload logo": (at) => ({
    path: "attachments",
    method: "POST",
    body: { entity_type: "tenant", entity_id: at.tenant },
  }),
  "set logo": (at) => ({
    path: `tenants?id=eq.${at.tenant}`,
    method: "PATCH",
    body: { logo_id: at.logo },
  }),
};

const doors: [name: string, door: () => Door, requests: typeof throughApi][] = [
  ["portal", portal, throughApi],
  ["functions", functions, throughApi],
  ["rest", rest, throughRest],
];

let ours: Household;
let theirs: Household;
beforeAll(async () => {
  ours = await household("Ours");
  theirs = await household("Theirs");
});
afterAll(async () => {
  for (const { visitors } of [ours, theirs]) await visitors.analyst.sql?.end();
});

async function targetOf({ id }: Household): Promise<Target> {
  const sql = owner();
  const { entity, key, label, type } = field();
  await sql`delete from public.custom_fields where tenant_id = ${id}`; // there is a limit
  const [made] = await sql<{ id: string }[]>`
    insert into public.custom_fields (tenant_id, entity, key, label, type)
    values (${id}, ${entity}, ${key}, ${label}, ${type}) returning id`;
  const [logo] = await sql<{ id: string }[]>`
    insert into public.attachments (
      tenant_id, entity_type, entity_id, file_name, content_type, byte_size, status, preview)
    values (${id}, 'tenant', ${id}, 'Logo.png', 'image/png', 1, 'ready', 'ready') returning id`;
  return { tenant: id, field: made?.id ?? "", logo: logo?.id ?? "" };
}

async function digest({ id }: Household): Promise<unknown> {
  const [row] = await owner()`
    select t.name, t.logo_id,
      (select json_agg(f order by f.id) from public.custom_fields f where f.tenant_id = t.id) as fields,
      (select json_agg(a.id order by a.id) from public.attachments a where a.tenant_id = t.id) as files
    from public.tenants t where t.id = ${id}`;
  return row;
}

async function attempt(door: Door, visitor: Visitor, { path, method = "GET", body }: Request) {
  const response = await fetch(`${door.url}/${path}`, {
    method,
    headers: { "content-type": "application/json", ...door.headers(visitor) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const outcome = (): Outcome => {
    // PostgREST changes and shows no row where row-level security lets none through.
    if (response.status < 300) return text === "[]" || text === '{"data":[]}' ? "nothing" : "done";
    return response.status === 404 ? "nothing" : "refused";
  };
  expect(response.status, text).toBeLessThan(500);
  return outcome();
}

const admin: Verb[] = [...reads, ...writes];
const rights: [role: Role, allowed: Verb[]][] = [
  ["owner", admin],
  ["admin", admin],
  ["member", [...reads]],
  ["viewer", [...reads]],
  ["stranger", []],
];

describe.each(doors)("through the %s door", (name, makeDoor, requests) => {
  it.each(rights)("%s of a tenant may exactly: %j", async (role, allowed) => {
    const done: Verb[] = [];
    for (const verb of verbs) {
      const request = requests[verb](await targetOf(ours));
      if ((await attempt(makeDoor(), ours.visitors[role], request)) === "done") done.push(verb);
    }
    const api = name === "rest" || !allowed.includes("rename tenant") ? [] : viaApi;
    expect(done).toEqual([...allowed, ...api]);
  });

  it.each(rights)("%s may nothing with another tenant's, whomever they name", async (role) => {
    const target = await targetOf(theirs);
    const untouched = await digest(theirs);
    for (const tenant of [ours.id, theirs.id]) {
      const visitor = { ...ours.visitors[role], tenant };
      for (const verb of verbs) {
        // In one's own tenant these are one's own fields.
        const own = tenant === ours.id && (verb === "read fields" || verb === "add field");
        if (own && name !== "rest") continue;
        const outcome = await attempt(makeDoor(), visitor, requests[verb](target));
        expect([verb, outcome]).not.toEqual([verb, "done"]);
      }
    }
    expect(await digest(theirs)).toEqual(untouched);
  });
});

it("an analyst's login changes nothing of it, and sees no key of a file", async () => {
  const { sql } = ours.visitors.analyst;
  if (sql === null) throw new Error("no login");
  const { field: id, logo } = await targetOf(ours);
  await expect(
    sql`update public.custom_fields set label = 'Mine' where id = ${id}`,
  ).rejects.toThrow();
  await expect(sql`update public.tenants set logo_id = ${logo}`).rejects.toThrow();
  await expect(sql`select object_key from public.attachments`).rejects.toThrow();
});
