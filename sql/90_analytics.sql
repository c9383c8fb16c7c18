-- Analysts: people with SQL. Each has a personal login, member of analyst, that reads views of its own
-- tenant. Their identity is session_user and nothing else: a person with SQL can call set_config.

create table private.analysts (
  role_name name primary key,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  label text not null check (char_length(btrim(label)) between 1 and 200),
  created_by uuid references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_login_at timestamptz,
  revoked_at timestamptz,
  person_id uuid references public.people (id) on delete cascade
);
comment on table private.analysts is 'Which tenant a personal analyst login belongs to.';
comment on column private.analysts.last_login_at is 'As the worker last saw it logged in.';
comment on column private.analysts.person_id is
  'Who works with it in the portal''s SQL box; null for a login that somebody was given.';
create index analysts_tenant_idx on private.analysts (tenant_id, created_at);
create unique index analysts_person_idx on private.analysts (tenant_id, person_id) where person_id is not null;
alter table private.analysts enable row level security;
alter table private.analysts force row level security;

create function private.analyst_tenant()
returns uuid
language sql
stable
parallel safe
security definer
set search_path = ''
as $$
  select a.tenant_id
  from private.analysts a
  join public.tenants t on t.id = a.tenant_id and t.deleted_at is null
  where a.role_name = session_user and a.revoked_at is null
    and (a.expires_at is null or a.expires_at > now())
$$;
comment on function private.analyst_tenant is 'The tenant of the analyst who is logged in, by session_user; null for everybody else.';
grant execute on function private.analyst_tenant to analyst;

create policy "analysts read their tenant's customers"
  on public.customers for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant's products"
  on public.products for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant's orders"
  on public.orders for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant's order items"
  on public.order_items for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant"
  on public.tenants for select to analyst
  using (id = (select private.analyst_tenant()));

grant usage on schema public to analyst;
grant select on public.customers, public.products, public.orders, public.order_items,
  public.currencies to analyst;
grant select (id, slug, name, currency, time_zone) on public.tenants to analyst;

-- Views: only what is live, in plain words ---------------------------------------------------------------

create view analytics.customers with (security_invoker) as
select id, kind::text as kind, name, email, phone, tax_id,
  billing_address, shipping_address, tags, custom, created_at, updated_at
from public.customers where deleted_at is null;

create view analytics.products with (security_invoker) as
select id, sku, name, unit_price, currency, tax_rate, unit, active, custom, created_at, updated_at
from public.products where deleted_at is null;

create view analytics.orders with (security_invoker) as
select id, number, status::text as status, customer_id, currency, placed_at,
  subtotal, discount_total, tax_total, shipping_total, total, notes, custom, created_at, updated_at
from public.orders where deleted_at is null;

create view analytics.order_items with (security_invoker) as
select i.id, i.order_id, o.number as order_number, i.position, i.product_id, i.sku, i.name,
  i.quantity, i.unit_price, o.currency, i.discount_percent, i.discount, i.tax_rate, i.tax,
  i.line_total, i.attributes
from public.order_items i
join public.orders o on o.tenant_id = i.tenant_id and o.id = i.order_id
where o.deleted_at is null;

create view analytics.revenue_by_month with (security_invoker) as
select
  date_trunc('month', o.placed_at at time zone t.time_zone)::date as month,
  o.currency, count(*) as orders, sum(o.subtotal) as net, sum(o.tax_total) as tax, sum(o.total) as total
from public.orders o
join public.tenants t on t.id = o.tenant_id
where o.deleted_at is null and o.status <> 'cancelled'
group by 1, 2;

create view analytics.revenue_by_customer with (security_invoker) as
select
  c.id as customer_id, c.name as customer, o.currency, o.orders, o.net, o.tax, o.total,
  o.first_order_at, o.last_order_at
from (
  select tenant_id, customer_id, currency, count(*) as orders, sum(subtotal) as net,
    sum(tax_total) as tax, sum(total) as total, min(placed_at) as first_order_at,
    max(placed_at) as last_order_at
  from public.orders
  where deleted_at is null and status <> 'cancelled' and customer_id is not null
  group by tenant_id, customer_id, currency
) as o
join public.customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id;

create view analytics.order_funnel with (security_invoker) as
select
  date_trunc('month', o.placed_at at time zone t.time_zone)::date as month,
  count(*) as placed,
  count(*) filter (where o.status in ('processing', 'shipped', 'delivered')) as processing,
  count(*) filter (where o.status in ('shipped', 'delivered')) as shipped,
  count(*) filter (where o.status = 'delivered') as delivered,
  count(*) filter (where o.status = 'cancelled') as cancelled
from public.orders o
join public.tenants t on t.id = o.tenant_id
where o.deleted_at is null
group by 1;

grant select on analytics.customers, analytics.products, analytics.orders, analytics.order_items,
  analytics.revenue_by_month, analytics.revenue_by_customer, analytics.order_funnel to analyst;

do $$
declare
  views constant jsonb := '{
    "customers": "The live customers of your tenant.",
    "products": "The live products of your tenant.",
    "orders": "The live orders of your tenant.",
    "order_items": "The lines of your tenant\u0027s live orders.",
    "revenue_by_month": "Orders placed per month in the tenant\u0027s time zone, per currency, cancelled ones left out.",
    "revenue_by_customer": "What each customer has ordered, per currency, cancelled orders left out.",
    "order_funnel": "How far the orders placed in a month have come by now: each stage counts those beyond it, too."
  }';
  -- A word means the same in every view; where it does not, it stands with its view.
  columns constant jsonb := '{
    "id": "Its id: what other views point to.",
    "kind": "company or person.",
    "name": "What it is called.",
    "email": "E-mail address.",
    "phone": "Telephone number.",
    "tax_id": "Such as a VAT number.",
    "billing_address": "Address for invoices: an object of text fields.",
    "shipping_address": "Address for deliveries: an object of text fields.",
    "tags": "Words that the customer was marked with.",
    "custom": "The tenant\u0027s own fields: an object.",
    "created_at": "When it was entered.",
    "updated_at": "When it was last changed.",
    "sku": "Stock keeping unit: the product\u0027s own number.",
    "unit_price": "Net price of one unit.",
    "currency": "Of the amounts beside it: three letters (ISO 4217).",
    "tax_rate": "Percent.",
    "unit": "What is counted: piece, hour, kg.",
    "active": "Whether it is still sold.",
    "number": "The order\u0027s number, without gaps.",
    "status": "pending, processing, shipped, delivered or cancelled.",
    "customer_id": "Points to customers.id.",
    "customer": "The customer\u0027s name.",
    "placed_at": "When the customer ordered.",
    "subtotal": "Net, after discounts, before tax and shipping.",
    "discount_total": "What the discounts took off, already out of subtotal.",
    "tax_total": "Tax of all lines.",
    "shipping_total": "Shipping charged.",
    "total": "Net, tax and shipping together.",
    "notes": "What was written on the order.",
    "order_id": "Points to orders.id.",
    "order_number": "The order\u0027s number.",
    "position": "Place in the order, from 1.",
    "product_id": "Points to products.id; empty for what is no product.",
    "quantity": "How many units.",
    "discount_percent": "Percent off this line.",
    "discount": "The same as an amount.",
    "tax": "Tax of the line.",
    "line_total": "Net of the line, after its discount.",
    "attributes": "Whatever else belongs to the line: an object.",
    "month": "First day of the month.",
    "orders": "How many.",
    "net": "Sum of their subtotals.",
    "first_order_at": "When the first of them was placed.",
    "last_order_at": "When the last of them was placed.",
    "placed": "All orders of the month.",
    "processing": "Of these: being worked on, or further.",
    "shipped": "Of these: on their way, or further.",
    "delivered": "Of these: delivered.",
    "cancelled": "Of these: cancelled.",
    "revenue_by_month.tax": "Sum of their taxes.",
    "revenue_by_month.total": "Sum of their totals.",
    "revenue_by_customer.tax": "Sum of their taxes.",
    "revenue_by_customer.total": "Sum of their totals."
  }';
  it record;
begin
  for it in select key as view, value as says from jsonb_each_text(views) loop
    execute format('comment on view analytics.%I is %L', it.view, it.says);
  end loop;
  for it in
    select table_name as view, column_name as name
    from information_schema.columns where table_schema = 'analytics'
  loop
    execute format('comment on column analytics.%I.%I is %L', it.view, it.name,
      coalesce(columns ->> (it.view || '.' || it.name), columns ->> it.name));
  end loop;
end
$$;

create function public.analytics_schema()
returns json
language sql
stable
set search_path = ''
as $$
  select coalesce(json_agg(json_build_object(
    'name', v.relname,
    'comment', obj_description(v.oid, 'pg_class'),
    'columns', (
      select json_agg(json_build_object(
        'name', c.attname,
        'type', format_type(c.atttypid, c.atttypmod),
        'comment', col_description(v.oid, c.attnum)) order by c.attnum)
      from pg_catalog.pg_attribute c where c.attrelid = v.oid and c.attnum > 0 and not c.attisdropped)
  ) order by v.relname), '[]')
  from pg_catalog.pg_class v
  join pg_catalog.pg_namespace n on n.oid = v.relnamespace
  where n.nspname = 'analytics' and v.relkind = 'v'
$$;
comment on function public.analytics_schema is
  'What analysts can read: the views, their columns, and what is said of them.';
grant execute on function public.analytics_schema to authenticated;
