-- Analysts: people with SQL. Each has a personal login, member of analyst, that reads views of its own
-- tenant. Their identity is session_user and nothing else: a person with SQL can call set_config.

create table private.analysts (
  role_name name primary key,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  label text not null check (char_length(btrim(label)) between 1 and 200),
  created_by uuid references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
comment on table private.analysts is 'Which tenant a personal analyst login belongs to.';
alter table private.analysts enable row level security;
alter table private.analysts force row level security;

create function private.analyst_tenant()
returns uuid
language sql
stable
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
comment on view analytics.customers is 'The live customers of your tenant.';

create view analytics.products with (security_invoker) as
select id, sku, name, unit_price, currency, tax_rate, unit, active, custom, created_at, updated_at
from public.products where deleted_at is null;
comment on view analytics.products is 'The live products of your tenant.';

create view analytics.orders with (security_invoker) as
select id, number, status::text as status, customer_id, currency, placed_at,
  subtotal, discount_total, tax_total, shipping_total, total, notes, custom, created_at, updated_at
from public.orders where deleted_at is null;
comment on view analytics.orders is 'The live orders of your tenant.';
comment on column analytics.orders.subtotal is 'Net, after discounts, before tax and shipping.';
comment on column analytics.orders.total is 'subtotal + tax_total + shipping_total.';

create view analytics.order_items with (security_invoker) as
select i.id, i.order_id, o.number as order_number, i.position, i.product_id, i.sku, i.name,
  i.quantity, i.unit_price, o.currency, i.discount_percent, i.discount, i.tax_rate, i.tax,
  i.line_total, i.attributes
from public.order_items i
join public.orders o on o.tenant_id = i.tenant_id and o.id = i.order_id
where o.deleted_at is null;
comment on view analytics.order_items is 'The lines of your tenant''s live orders.';

create view analytics.revenue_by_month with (security_invoker) as
select
  date_trunc('month', o.placed_at at time zone t.time_zone)::date as month,
  o.currency, count(*) as orders, sum(o.subtotal) as net, sum(o.tax_total) as tax, sum(o.total) as total
from public.orders o
join public.tenants t on t.id = o.tenant_id
where o.deleted_at is null and o.status <> 'cancelled'
group by 1, 2;
comment on view analytics.revenue_by_month is
  'Orders placed per month in the tenant''s time zone, per currency, cancelled ones left out.';
comment on column analytics.revenue_by_month.month is 'First day of the month.';

grant select on analytics.customers, analytics.products, analytics.orders, analytics.order_items,
  analytics.revenue_by_month to analyst;

-- Making and ending logins ------------------------------------------------------------------------------

create function public.create_analyst(label text, expires_at timestamptz default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  -- The name says nothing of the tenant: logins can see each other's names.
  role_name text := 'analyst_' || left(replace(gen_random_uuid()::text, '-', ''), 16);
  password text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  if create_analyst.expires_at <= now() then
    perform private.refuse(422, 'validation_failed', 'This lies in the past.', 'expires_at');
  end if;
  if coalesce(char_length(btrim(create_analyst.label)), 0) not between 1 and 200 then
    perform private.refuse(422, 'validation_failed', 'A label has 1 to 200 characters.', 'label');
  end if;
  insert into private.analysts (role_name, tenant_id, label, created_by, expires_at)
  values (role_name, tenant, create_analyst.label, auth.uid(), create_analyst.expires_at);

  execute format('create role %I login noinherit connection limit 5 valid until %L password %L',
    role_name, coalesce(create_analyst.expires_at::text, 'infinity'), password);
  execute format('grant analyst to %I with inherit true, set false', role_name);
  execute format('alter role %I set default_transaction_read_only = on', role_name);
  execute format('alter role %I set statement_timeout = %L', role_name, '60s');
  execute format('alter role %I set idle_in_transaction_session_timeout = %L', role_name, '5min');
  execute format('alter role %I set search_path = analytics', role_name);
  return json_build_object('role_name', role_name, 'password', password);
end
$$;
comment on function public.create_analyst is
  'Makes a personal read-only database login for the active tenant: {role_name, password}, the password only here. Admins.';
grant execute on function public.create_analyst to authenticated;
