/** The demo data are what the contract promises, and obey the rules they were loaded through. */
import { expect, it } from "vitest";
import { acmeCustomers } from "./demo/customers.ts";
import { makeOrders } from "./demo/orders.ts";
import { acmeProducts } from "./demo/products.ts";
import { owner, signIn } from "./testing.ts";

it("has both tenants with all that is theirs", async () => {
  const rows = await owner()`
    select t.slug, t.name, t.currency, t.time_zone,
      (select count(*)::int from public.customers c where c.tenant_id = t.id) as customers,
      (select count(*)::int from public.products p where p.tenant_id = t.id) as products,
      (select count(*)::int from public.orders o where o.tenant_id = t.id) as orders
    from public.tenants t where t.slug in ('acme', 'globex') order by t.slug`;
  expect([...rows]).toEqual([
    {
      slug: "acme",
      name: "Acme Trading",
      currency: "EUR",
      time_zone: "Europe/Berlin",
      customers: 300,
      products: 120,
      orders: 2000,
    },
    {
      slug: "globex",
      name: "Globex Ltd",
      currency: "USD",
      time_zone: "America/New_York",
      customers: 40,
      products: 30,
      orders: 200,
    },
  ]);
});

it("has the six people in their roles, and they sign in", async () => {
  const rows = await owner()<{ email: string; roles: string }[]>`
    select p.email, string_agg(t.slug || ' ' || m.role, ', ' order by t.slug) as roles
    from public.memberships m join public.people p on p.id = m.user_id
    join public.tenants t on t.id = m.tenant_id and t.slug in ('acme', 'globex')
    group by p.email order by p.email`;
  expect(rows.map(({ email, roles }) => [email, roles])).toEqual([
    ["admin@acme.test", "acme admin"],
    ["both@example.test", "acme member, globex viewer"],
    ["member@acme.test", "acme member"],
    ["owner@acme.test", "acme owner"],
    ["owner@globex.test", "globex owner"],
    ["viewer@acme.test", "acme viewer"],
  ]);
  for (const { email } of rows) expect(await signIn(email)).toMatch(/^eyJ/);
});

it("spans two years, in every status, with numbers in the order of the dates", async () => {
  const [row] = await owner()<{ days: number; statuses: number; misplaced: number }[]>`
    select extract(day from max(placed_at) - min(placed_at))::int as days,
      count(distinct status)::int as statuses,
      count(*) filter (where placed_at < before)::int as misplaced
    from (
      select o.*, lag(o.placed_at) over (order by o.sequence) as before
      from public.orders o join public.tenants t on t.id = o.tenant_id and t.slug = 'acme'
    ) as o`;
  expect(row?.days).toBeGreaterThan(720);
  expect(row?.days).toBeLessThan(732);
  expect(row?.statuses).toBe(5);
  expect(row?.misplaced).toBe(0);
});

it("is the same every time it is made", () => {
  const now = Date.UTC(2026, 0, 1);
  const make = () => makeOrders(2000, 31, now, "DE", acmeCustomers(now), acmeProducts(now));
  expect(make()).toEqual(make());
});

it("only moves with the day on which it is made", () => {
  const amounts = (now: number) =>
    makeOrders(2000, 31, now, "DE", acmeCustomers(now), acmeProducts(now)).items.map(
      ({ sku, quantity, unit_price }) => [sku, quantity, unit_price],
    );
  expect(amounts(Date.UTC(2026, 0, 1))).toEqual(amounts(Date.UTC(2027, 5, 15)));
});
