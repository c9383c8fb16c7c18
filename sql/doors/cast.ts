import postgres from "postgres";
import { apiUrl, owner, portalUrl, stack } from "../../scripts/stack/testing.ts";
import type { Target, Visitor } from "./door.ts";

export type Role = "owner" | "admin" | "member" | "viewer" | "analyst" | "stranger";

/** A tenant with somebody in every role, and things of theirs to be tried on. */
export type Household = {
  id: string;
  visitors: Record<Role, Visitor>;
  /** A fresh order, so that no attempt spoils the next one's. */
  target(): Promise<Target>;
  /** A digest of everything the tenant holds. */
  digest(): Promise<string>;
};

const password = "correct horse battery";

async function signUp(label: string): Promise<{ id: string; token: string; cookie: string }> {
  const email = `${label}-${crypto.randomUUID()}@doors.test`;
  const response = await fetch(`${portalUrl()}/api/auth/signup`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: portalUrl() },
    body: JSON.stringify({ email, password }),
  });
  if (response.status !== 201) throw new Error(`Sign-up: ${response.status}`);
  const answer: { user: { id: string }; session: { access_token: string } } = await response.json();
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  return { id: answer.user.id, token: answer.session.access_token, cookie };
}

/** Makes a tenant and its people; the rows they are tried on are made by the database's owner. */
export async function household(name: string): Promise<Household> {
  const sql = owner();
  const slug = `doors-${crypto.randomUUID().slice(0, 8)}`;
  const [tenant] = await sql<{ id: string }[]>`
    insert into public.tenants (slug, name, currency, time_zone)
    values (${slug}, ${name}, 'EUR', 'Europe/Berlin') returning id`;
  if (tenant === undefined) throw new Error("No tenant was made.");
  const id = tenant.id;

  const visit = async (role: Role): Promise<Visitor> => {
    const person = await signUp(role);
    if (role !== "stranger") {
      await sql`
        insert into public.memberships (tenant_id, user_id, role)
        values (${id}, ${person.id}, ${role === "analyst" ? "viewer" : role})`;
    }
    return { name: role, token: person.token, cookie: person.cookie, tenant: id, sql: null };
  };
  const visitors = {
    owner: await visit("owner"),
    admin: await visit("admin"),
    member: await visit("member"),
    viewer: await visit("viewer"),
    analyst: await visit("analyst"),
    stranger: await visit("stranger"),
  };
  visitors.analyst.sql = await analystLogin(visitors.admin);

  return {
    id,
    visitors,
    async target() {
      const [customer] = await sql<{ id: string }[]>`
        insert into public.customers (tenant_id, name) values (${id}, 'Target') returning id`;
      const [order] = await sql<{ id: string; number: string }[]>`
        insert into public.orders (tenant_id, customer_id) values (${id}, ${customer?.id ?? null})
        returning id, number`;
      if (customer === undefined || order === undefined) throw new Error("No target was made.");
      return { tenant: id, order: order.id, customer: customer.id, number: order.number };
    },
    async digest() {
      const [row] = await sql<{ digest: string }[]>`
        select md5(concat(
          (select string_agg(o::text, '|' order by o.id) from public.orders o where tenant_id = ${id}),
          (select string_agg(i::text, '|' order by i.id) from public.order_items i where tenant_id = ${id}),
          (select string_agg(c::text, '|' order by c.id) from public.customers c where tenant_id = ${id}),
          (select last from private.number_series where tenant_id = ${id} and series = 'order')
        )) as digest`;
      return row?.digest ?? "";
    },
  };
}

async function analystLogin(admin: Visitor) {
  const response = await fetch(`${apiUrl()}/rest/v1/rpc/create_analyst`, {
    method: "POST",
    headers: {
      apikey: stack().anon_key,
      authorization: `Bearer ${admin.token}`,
      "content-type": "application/json",
      "x-tenant-id": admin.tenant ?? "",
    },
    body: JSON.stringify({ label: "The doors' analyst" }),
  });
  const login: { role_name: string; password: string } = await response.json();
  const url = new URL(stack().database_url);
  url.username = login.role_name;
  url.password = login.password;
  return postgres(url.href, { max: 1, onnotice: () => {} });
}
