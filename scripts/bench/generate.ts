/**
 * The bench's data: tenants of very different sizes, and orders in them, the same on every run.
 * Made inside Postgres by set-based statements: rules are off while it runs, and the amounts are
 * computed by the rules' own arithmetic (checkAmounts proves it).
 */
import { faker } from "@faker-js/faker";
import type { Sql, TransactionSql } from "postgres";
import { withoutIndexes } from "./bulk_load.ts";

export const TENANTS = 100;
const TABLES = ["customers", "products", "orders", "order_items"] as const;

export type BenchTenant = { readonly id: string; readonly orders: number };

/** Chance, a number from 0 to 1: the same for the same place and purpose. */
const CHANCE = `
create function pg_temp.chance(place bigint, purpose bigint) returns float8 language sql immutable as
  $$ select (hashint8extended(place, purpose) & 4294967295) / 4294967296::float8 $$;
create function pg_temp.pick(words text[], chance float8) returns text language sql immutable as
  $$ select words[1 + floor(chance * cardinality(words))::int] $$;
`;

/** A UUIDv7 as an expression: Postgres would not inline a function, and a call costs ten times as much. */
const uuidAt = (at: string, name: string) => `(
  lpad(to_hex((extract(epoch from ${at}) * 1000)::bigint), 12, '0') || '7'
  || overlay(substr(md5('${name} ' || ${name}), 1, 19) placing '8' from 4))::uuid`;

/** Sizes fall as 1/rank (Zipf): the largest of 100 tenants has a fifth of all orders. */
const PLAN = `
create temp table plan as
select k, private.uuid_v7() as id, (array['EUR', 'EUR', 'USD', 'JPY'])[1 + k % 4] as currency,
  orders, greatest(20, orders / 20) as customers, greatest(20, orders / 50) as products,
  sum(orders) over (order by k) - orders as before
from (
  select k, share + case when k = 1 then $1::int - sum(share) over () else 0 end::int as orders
  from (
    select k, greatest(1, floor($1::int / k / sum(1.0 / k) over ()))::int as share
    from generate_series(1, $2::int) as k
  ) as shares
) as sizes;
`;

const tenantRows = (prefix: string) => `
insert into public.tenants (id, slug, name, currency, time_zone)
select id, '${prefix}-' || lpad(k::text, 3, '0'), 'Bench ' || k, currency, 'Europe/Berlin' from plan;
insert into private.number_series (tenant_id, series, last) select id, 'order', orders from plan;
`;

const CUSTOMERS = `
create temp table customer as
select customer, ${uuidAt("at", "customer")} as id, tenant_id, name, at
from (
  select id as tenant_id, customer, timestamptz '2023-12-01' + customer * interval '1 second' as at,
    pg_temp.pick($1::text[], pg_temp.chance(customer, 1)) as name
  from plan, generate_series(before + 1, before + customers) as customer
  offset 0
) as made`;

const CUSTOMER_ROWS = `
insert into public.customers (tenant_id, id, name, email, phone, tags, created_at, updated_at)
select tenant_id, id, name || ' ' || customer,
  'office' || customer || '@' || lower(regexp_replace(name, '\\W+', '-', 'g')) || '.test',
  '+49 30 ' || customer, array['bench'], at, at
from customer;
alter table customer add primary key (customer) include (id)`;

const PRODUCTS = `
create temp table product as
select product, ${uuidAt("at", "product")} as id, tenant_id, currency, name, price, at
from (
  select id as tenant_id, currency, product,
    timestamptz '2023-12-01' + product * interval '1 second' as at,
    pg_temp.pick($1::text[], pg_temp.chance(product, 2)) as name,
    round((1 + 400 * pg_temp.chance(product, 3) ^ 3)::numeric, 2) as price
  from plan, generate_series(before + 1, before + products) as product
  offset 0
) as made`;

const PRODUCT_ROWS = `
insert into public.products (tenant_id, id, sku, name, unit_price, currency, tax_rate, unit,
  created_at, updated_at)
select tenant_id, id, 'SKU-' || product, name, price, currency, 19, 'piece', at, at from product;
alter table product add primary key (product)`;

/** One row an order: who, when, and how many items (1 to 5). */
const SKELETON = `
create temp table skeleton as
select tenant_id, ${uuidAt("at", "made")} as id, made, i, at, currency, digits, before, products,
  case when pg_temp.chance(made, 4) < 0.95 then customer end as customer,
  1 + floor(pg_temp.chance(made, 5) * 5)::int as items
from (
  select plan.id as tenant_id, before + i as made, i, before, products, currency,
    minor_digits as digits,
    timestamptz '2024-01-01'
      + (i - pg_temp.chance(before + i, 6)) / orders * interval '2 years' as at,
    before + 1 + floor(pg_temp.chance(before + i, 7) ^ 2 * customers)::int as customer
  from plan
  join public.currencies on code = plan.currency
  cross join generate_series(1, orders) as i
  offset 0
) as made`;

/** The arithmetic of private.compute_item. */
const ITEMS = `
insert into public.order_items (tenant_id, id, order_id, position, product_id, sku, name, quantity,
  unit_price, discount_percent, tax_rate, discount, line_total, tax)
select tenant_id, ${uuidAt("at", "line")}, order_id, position, product_id, 'SKU-' || product, name,
  quantity, price, discount_percent, 19, discount, gross - discount,
  round((gross - discount) * 19 / 100, digits)
from (
  select *, round(gross * discount_percent / 100, digits) as discount
  from (
    select *, round(quantity * price, digits) as gross
    from (
      select s.tenant_id, s.id as order_id, s.at, digits, position, line, product,
        p.id as product_id, p.name, p.price,
        floor(1 + 12 * pg_temp.chance(line, 8) ^ 2)::numeric as quantity,
        case when pg_temp.chance(line, 9) < 0.2 then 5 else 0 end::numeric as discount_percent
      from (
        select *, before + 1 + floor(pg_temp.chance(line, 10) ^ 2 * products)::int as product
        from (
          select *, made * 8 + position as line
          from skeleton cross join generate_series(1, items) as position
        ) as numbered
        offset 0
      ) as s
      join product p using (product)
      offset 0
    ) as lines
    offset 0
  ) as grossed
  offset 0
) as discounted`;

const ORDERS = `
insert into public.orders (tenant_id, id, number, sequence, status, currency, customer_id, placed_at,
  notes, subtotal, discount_total, tax_total, shipping_total, total, created_at, updated_at, version)
select s.tenant_id, s.id, 'SO-' || lpad(i::text, greatest(6, length(i::text)), '0'), i,
  (case when pg_temp.chance(made, 11) < 0.05 then 'cancelled'
    when i > plan.orders * 0.9
    then (array['pending', 'processing'])[1 + floor(2 * pg_temp.chance(made, 12))::int]
    else (array['shipped', 'delivered', 'delivered', 'delivered'])
      [1 + floor(4 * pg_temp.chance(made, 12))::int]
  end)::public.order_status,
  s.currency, c.id, s.at,
  case when pg_temp.chance(made, 13) < 0.3 then
    pg_temp.pick($1::text[], pg_temp.chance(made, 14)) || ' '
      || pg_temp.pick($1::text[], pg_temp.chance(made, 15))
  end,
  subtotal, discount_total, tax_total, round(0, digits), subtotal + tax_total + round(0, digits),
  s.at, s.at, 2
from skeleton s
join plan on plan.id = s.tenant_id
left join customer c using (customer)
join (
  select tenant_id, order_id, sum(line_total) as subtotal, sum(discount) as discount_total,
    sum(tax) as tax_total
  from public.order_items group by tenant_id, order_id
) as sums on sums.tenant_id = s.tenant_id and sums.order_id = s.id
order by made`;

function words(make: () => string, count: number): string[] {
  return Array.from({ length: count }, make);
}

/**
 * Fills an otherwise idle database.
 * @param owner one connection of the tables' owner; another one for each time.
 * @param orders how many in all.
 * @param say prints a line of progress.
 * @param tenants how many share them.
 * @param prefix what their slugs begin with: letters and digits.
 * @returns the tenants, the largest first.
 */
export async function generate(
  owner: Sql,
  orders: number,
  say: (text: string) => void,
  tenants = TENANTS,
  prefix = "bench",
): Promise<BenchTenant[]> {
  faker.seed(20_261_122);
  const companies = words(() => faker.company.name(), 997);
  const products = words(() => faker.commerce.productName(), 499);
  const phrases = words(() => faker.company.catchPhrase(), 1_499);
  await owner.unsafe("set maintenance_work_mem = '512MB'; set work_mem = '256MB'").simple();
  const step = async (name: string, work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    say(`${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  };
  const fill = async (tx: TransactionSql) => {
    await tx.unsafe(CHANCE).simple();
    await tx.unsafe(PLAN, [orders, tenants]);
    await tx.unsafe(tenantRows(prefix)).simple();
    await tx.unsafe("alter table plan add primary key (k); analyze plan").simple();
    await step("customers and products", async () => {
      await tx.unsafe(CUSTOMERS, [companies]);
      await tx.unsafe(CUSTOMER_ROWS).simple();
      await tx.unsafe(PRODUCTS, [products]);
      await tx.unsafe(PRODUCT_ROWS).simple();
    });
    await tx.unsafe(SKELETON);
    await tx.unsafe("analyze plan, customer, product, skeleton");
    await step("order items", () => tx.unsafe(ITEMS));
    await step("orders", () => tx.unsafe(ORDERS, [phrases]));
  };
  await withoutIndexes(owner, TABLES, fill, (text) => say(text));
  await step("vacuum and analyze", () =>
    owner.unsafe(`vacuum (analyze) ${TABLES.map((table) => `public.${table}`).join(", ")}`),
  );
  return await owner<BenchTenant[]>`
    select t.id, s.last::int as orders from public.tenants t
    join private.number_series s on s.tenant_id = t.id
    where starts_with(t.slug, ${`${prefix}-`}) order by s.last desc, t.slug`;
}

/**
 * Runs the rules over open orders as if their items had just been written, and takes it all back.
 * @throws Error when an amount comes out differently.
 */
export async function checkAmounts(owner: Sql, tenants: readonly BenchTenant[]): Promise<number> {
  const rollback = new Error("rollback");
  let checked = 0;
  await owner
    .begin(async (tx) => {
      const sample = await tx<{ tenant_id: string; id: string }[]>`
        select o.tenant_id, o.id from unnest(${tenants.map(({ id }) => id)}::uuid[]) as t (id)
        cross join lateral (
          select tenant_id, orders.id from public.orders
          where tenant_id = t.id and status in ('pending', 'processing') and deleted_at is null
          order by placed_at desc limit 10) as o`;
      const ids = sample.map(({ id }) => id);
      const amounts = () => tx<{ amounts: string }[]>`
        select (id, subtotal, discount_total, tax_total, total)::text as amounts
        from public.orders where id = any(${ids}::uuid[]) order by id`;
      const before = await amounts();
      await tx`
        update public.order_items i set quantity = i.quantity
        from public.orders o
        where o.id = any(${ids}::uuid[]) and i.tenant_id = o.tenant_id and i.order_id = o.id`;
      const after = await amounts();
      if (JSON.stringify(before) !== JSON.stringify(after)) {
        throw new Error("the generated amounts are not what the rules compute");
      }
      checked = ids.length;
      throw rollback;
    })
    .catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
  return checked;
}
