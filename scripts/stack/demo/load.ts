/** Writes the demo tenants in one transaction, through the database's own triggers. */
import postgres, { type Sql, type TransactionSql } from "postgres";
import { acmeCustomers, type DemoCustomer, globexCustomers } from "./customers.ts";
import { type DemoOrders, makeOrders } from "./orders.ts";
import { acmeProducts, type DemoProduct, globexProducts } from "./products.ts";
import { randomOf } from "./random.ts";

/** Address → user id, of the people who signed up. */
export type People = ReadonlyMap<string, string>;

type Tenant = {
  slug: string;
  name: string;
  currency: string;
  time_zone: string;
  address: Record<string, string>;
  tax_id: string;
  home: string;
  members: readonly (readonly [email: string, role: string])[];
  customers: (now: number) => DemoCustomer[];
  products: (now: number) => DemoProduct[];
  orders: number;
  seed: number;
};

const DAY = 86_400_000;

const TENANTS: readonly Tenant[] = [
  {
    slug: "acme",
    name: "Acme Trading",
    currency: "EUR",
    time_zone: "Europe/Berlin",
    address: { line1: "Speicherstraße 12", postal_code: "20457", city: "Hamburg", country: "DE" },
    tax_id: "DE999999999",
    home: "DE",
    members: [
      ["owner@acme.test", "owner"],
      ["admin@acme.test", "admin"],
      ["member@acme.test", "member"],
      ["viewer@acme.test", "viewer"],
      ["both@example.test", "member"],
    ],
    customers: acmeCustomers,
    products: acmeProducts,
    orders: 2000,
    seed: 1,
  },
  {
    slug: "globex",
    name: "Globex Ltd",
    currency: "USD",
    time_zone: "America/New_York",
    address: {
      line1: "350 Warehouse Row",
      postal_code: "10001",
      city: "New York",
      region: "NY",
      country: "US",
    },
    tax_id: "00-0000000",
    home: "US",
    members: [
      ["owner@globex.test", "owner"],
      ["both@example.test", "viewer"],
    ],
    customers: globexCustomers,
    products: globexProducts,
    orders: 200,
    seed: 2,
  },
];

/** From here on the database takes the caller to be this person. */
async function actAs(sql: TransactionSql, person: string): Promise<void> {
  const claims = JSON.stringify({ sub: person, role: "authenticated" });
  await sql`select set_config('request.jwt.claims', ${claims}, true)`;
}

function idOf(people: People, email: string): string {
  const id = people.get(email);
  if (!id) throw new Error(`demo data: ${email} did not sign up`);
  return id;
}

async function loadTenant(
  sql: TransactionSql,
  tenant: Tenant,
  people: People,
  now: number,
): Promise<{ id: string; made: DemoOrders }> {
  const founded = new Date(now - 900 * DAY);
  const id = randomOf(tenant.seed).uuid(founded.getTime());
  const [owner, ...others] = tenant.members;
  await actAs(sql, idOf(people, owner?.[0] ?? ""));
  await sql`
    insert into public.tenants (id, slug, name, currency, time_zone, address, tax_id, created_at)
    values (
      ${id}, ${tenant.slug}, ${tenant.name}, ${tenant.currency}, ${tenant.time_zone},
      ${sql.json(tenant.address)}, ${tenant.tax_id}, ${founded})`;
  for (const [email, role] of tenant.members) {
    await sql`
      insert into public.memberships (tenant_id, user_id, role, created_at)
      values (${id}, ${idOf(people, email)}, ${role}, ${founded})`;
  }
  await actAs(sql, idOf(people, others[1]?.[0] ?? owner?.[0] ?? ""));
  const customers = tenant.customers(now);
  await sql`
    insert into public.customers (tenant_id, id, kind, name, email, phone, tax_id, billing_address,
      shipping_address, tags, created_at, updated_at)
    select ${id}, c.id, c.kind, c.name, c.email, c.phone, c.tax_id, c.billing_address,
      c.shipping_address, c.tags, c.created_at, c.created_at
    from jsonb_populate_recordset(null::public.customers, ${sql.json(customers)}) as c`;
  const products = tenant.products(now);
  await sql`
    insert into public.products (tenant_id, id, sku, name, unit_price, tax_rate, unit, active,
      created_at, updated_at)
    select ${id}, p.id, p.sku, p.name, p.unit_price, p.tax_rate, p.unit, p.active, p.created_at,
      p.created_at
    from jsonb_populate_recordset(null::public.products, ${sql.json(products)}) as p`;

  const made = makeOrders(tenant.orders, tenant.seed * 31, now, tenant.home, customers, products);
  // Sorted, so that the numbers the database gives out follow the dates.
  await sql`
    insert into public.orders (tenant_id, id, customer_id, placed_at, notes, shipping_total,
      created_at, updated_at)
    select ${id}, o.id, o.customer_id, o.placed_at, o.notes, o.shipping_total, o.placed_at, o.placed_at
    from jsonb_populate_recordset(null::public.orders, ${sql.json(made.orders)}) as o
    order by o.placed_at, o.id`;
  await sql`
    insert into public.order_items (tenant_id, id, order_id, position, product_id, sku, name, quantity,
      unit_price, discount_percent, tax_rate)
    select ${id}, i.id, i.order_id, i.position, i.product_id, i.sku, i.name, i.quantity, i.unit_price,
      i.discount_percent, i.tax_rate
    from jsonb_populate_recordset(null::public.order_items, ${sql.json(made.items)}) as i`;
  for (const status of ["processing", "shipped", "delivered", "cancelled"]) {
    const ids = made.steps.filter((step) => step.status === status).map((step) => step.order_id);
    await sql`
      update public.orders set status = ${status}
      where tenant_id = ${id} and id in (select jsonb_array_elements_text(${sql.json(ids)})::uuid)`;
  }
  return { id, made };
}

/**
 * The triggers wrote everything down as of now. Their records move to when it is told to have
 * happened, so that the histories and the audit log read like those of two years.
 */
async function backdate(sql: TransactionSql, tenant: string, made: DemoOrders): Promise<void> {
  await sql`
    update audit.entries e set at = made.at
    from (
      select id::text as entity_id, created_at as at from public.tenants where id = ${tenant}
      union all
      select user_id::text, created_at from public.memberships where tenant_id = ${tenant}
      union all
      select id::text, created_at from public.customers where tenant_id = ${tenant}
      union all
      select id::text, created_at from public.products where tenant_id = ${tenant}
      union all
      select id::text, created_at from public.orders where tenant_id = ${tenant}
      union all
      select i.id::text, o.created_at from public.order_items i
      join public.orders o on o.tenant_id = i.tenant_id and o.id = i.order_id
      where i.tenant_id = ${tenant}
    ) as made
    where e.tenant_id = ${tenant} and e.entity_id = made.entity_id`;
  await sql`
    update audit.entries e set at = s.at
    from jsonb_to_recordset(${sql.json(made.steps)}) as s (order_id text, status text, at timestamptz)
    where e.tenant_id = ${tenant} and e.entity_type = 'order' and e.entity_id = s.order_id
      and e.action = 'update' and e.changes #>> '{status,1}' = s.status`;
  // Ids are ordered by time as well: their first 48 bits are the milliseconds.
  await sql`
    update audit.entries e set id = encode(overlay(uuid_send(e.id)
      placing substring(int8send((extract(epoch from e.at) * 1000)::bigint) from 3)
      from 1 for 6), 'hex')::uuid
    where e.tenant_id = ${tenant}`;
  await sql`
    update public.orders o set updated_at = last.at
    from (
      select s.order_id, max(s.at) as at
      from jsonb_to_recordset(${sql.json(made.steps)}) as s (order_id uuid, at timestamptz)
      group by s.order_id
    ) as last
    where o.tenant_id = ${tenant} and o.id = last.order_id`;
}

/**
 * Writes both tenants with all that is theirs; all or nothing.
 * @param adminUrl a superuser's address.
 * @param now the moment the data end, in milliseconds.
 */
export async function loadTenants(adminUrl: string, people: People, now: number): Promise<void> {
  const sql: Sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql.begin(async (tx) => {
      // The rules apply as to any owner of the database …
      await tx`set local role postgres`;
      const tenants = [];
      for (const tenant of TENANTS) tenants.push(await loadTenant(tx, tenant, people, now));
      // Somebody has to see the page of those who operate it.
      const operator = people.get("owner@acme.test") ?? null;
      await tx`insert into private.operators (user_id) values (${operator})`;
      // … and only the dates of the records are put right past them.
      await tx`reset role`;
      await tx`set local session_replication_role = replica`;
      for (const { id, made } of tenants) await backdate(tx, id, made);
    });
    await sql`analyze`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
