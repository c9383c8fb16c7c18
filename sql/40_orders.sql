-- Orders: items of a flexible shape, totals that only the database computes, statuses that only move
-- forward, gapless numbers per tenant.

create type public.order_status as enum ('pending', 'processing', 'shipped', 'delivered', 'cancelled');
comment on type public.order_status is 'In the order of an order''s life, which is also how lists sort it.';

create table private.number_series (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  series text not null,
  last bigint not null,
  primary key (tenant_id, series)
);
comment on table private.number_series is
  'The last number given out per series. Its row is locked to the end of the transaction that takes one, so a rollback leaves no gap.';
alter table private.number_series enable row level security;
alter table private.number_series force row level security;

create table public.orders (
  tenant_id uuid not null default private.current_tenant('member', 'orders')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  number text not null,
  sequence bigint not null,
  status public.order_status not null default 'pending',
  currency text not null references public.currencies (code),
  customer_id uuid,
  placed_at timestamptz not null default now() constraint orders_placed_at_range
    check (placed_at >= '1900-01-01' and placed_at < '2200-01-01'),
  notes text constraint orders_notes_length check (char_length(notes) <= 10000),
  subtotal numeric not null default 0,
  discount_total numeric not null default 0,
  tax_total numeric not null default 0,
  shipping_total numeric not null default 0 constraint orders_shipping_total_range
    check (shipping_total between 0 and 1e9),
  total numeric not null default 0 constraint orders_total_range check (total <= 1e12),
  custom jsonb not null default '{}',
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, sequence),
  constraint orders_customer_id_fkey foreign key (tenant_id, customer_id)
    references public.customers (tenant_id, id)
);
comment on table public.orders is 'What customers ordered. Number, totals and version are the database''s; DELETE is refused (rpc trash_order).';
comment on column public.orders.number is 'Gapless per tenant, with the tenant''s prefix: SO-000001 onwards.';
comment on column public.orders.sequence is 'The number as a number, to sort by.';
comment on column public.orders.status is 'pending → processing → shipped → delivered; pending or processing → cancelled.';
comment on column public.orders.subtotal is 'Sum of the items'' line totals, net, after discounts.';
comment on column public.orders.discount_total is 'Sum of the items'' discounts, already taken off the subtotal.';
comment on column public.orders.tax_total is 'Sum of the items'' taxes.';
comment on column public.orders.shipping_total is 'What sending it costs the customer, in the currency''s minor digits.';
comment on column public.orders.total is 'subtotal + tax_total + shipping_total.';
comment on column public.orders.custom is 'The tenant''s own fields, checked against custom_fields.';
comment on column public.orders.version is 'Moves with every change, items included; the ETag.';
comment on column public.orders.deleted_at is 'When it went to the trash; null while it is live.';

create index orders_placed_at_idx on public.orders (tenant_id, placed_at desc, id desc) where deleted_at is null;
-- One for each status: comparing enums is not leakproof, so under row-level security no index can be
-- searched by status, but one whose predicate names it can be chosen.
create index orders_pending_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'pending';
create index orders_processing_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'processing';
create index orders_shipped_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'shipped';
create index orders_delivered_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'delivered';
create index orders_cancelled_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'cancelled';
create index orders_customer_idx on public.orders (tenant_id, customer_id, placed_at desc, id desc)
  include (deleted_at);
create index orders_total_idx on public.orders (tenant_id, total, id) where deleted_at is null;
create index orders_trash_idx on public.orders (tenant_id, placed_at desc, id desc) where deleted_at is not null;
create index orders_search_idx on public.orders using gin (
  tenant_id extensions.uuid_ops, number extensions.gin_trgm_ops, notes extensions.gin_trgm_ops)
  with (fastupdate = off);

create table public.order_items (
  tenant_id uuid not null default private.current_tenant('member', 'orders')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  order_id uuid not null,
  position int not null constraint order_items_position_range check (position between 1 and 1000),
  product_id uuid,
  sku text constraint order_items_sku_length check (char_length(sku) <= 1000),
  name text not null constraint order_items_name_length
    check (char_length(btrim(name)) >= 1 and char_length(name) <= 1000),
  quantity numeric not null constraint order_items_quantity_range
    check (quantity between 0 and 1e9 and quantity = round(quantity, 3)),
  unit_price numeric not null constraint order_items_unit_price_range
    check (unit_price between 0 and 1e9 and unit_price = round(unit_price, 4)),
  discount_percent numeric not null default 0 constraint order_items_discount_percent_range
    check (discount_percent between 0 and 100),
  tax_rate numeric not null default 0 constraint order_items_tax_rate_range
    check (tax_rate between 0 and 100),
  attributes jsonb not null default '{}' constraint order_items_attributes_object
    check (jsonb_typeof(attributes) = 'object' and octet_length(attributes::text) <= 65536),
  discount numeric not null,
  line_total numeric not null constraint order_items_line_total_range check (line_total <= 1e12),
  tax numeric not null,
  primary key (tenant_id, id),
  unique (tenant_id, order_id, position),
  constraint order_items_order_id_fkey foreign key (tenant_id, order_id)
    references public.orders (tenant_id, id) on delete cascade,
  constraint order_items_product_id_fkey foreign key (tenant_id, product_id)
    references public.products (tenant_id, id)
);
comment on table public.order_items is 'The lines of an order. They change only while the order is pending or processing; DELETE is refused (rpc update_order).';
comment on column public.order_items.position is 'Counts from 1 within the order; given when left out.';
comment on column public.order_items.quantity is 'At most three decimals.';
comment on column public.order_items.unit_price is 'Net price of one unit, at most four decimals, in the order''s currency.';
comment on column public.order_items.discount_percent is 'Percent off the line, 0 to 100.';
comment on column public.order_items.tax_rate is 'Percent on the line after its discount, 0 to 100.';
comment on column public.order_items.attributes is 'Whatever else describes the line: colour, size, serial numbers …';
comment on column public.order_items.discount is 'round(round(quantity × unit_price) × discount_percent / 100).';
comment on column public.order_items.line_total is 'round(quantity × unit_price) − discount.';
comment on column public.order_items.tax is 'round(line_total × tax_rate / 100).';

create index order_items_product_idx on public.order_items (tenant_id, product_id) where product_id is not null;

-- Grants and policies -------------------------------------------------------------------------------

alter table public.orders enable row level security;
alter table public.orders force row level security;
alter table public.order_items enable row level security;
alter table public.order_items force row level security;

grant select on public.orders, public.order_items to authenticated, service_role;
grant insert (tenant_id, currency, customer_id, placed_at, notes, shipping_total, custom),
  update (status, currency, customer_id, placed_at, notes, shipping_total, custom)
  on public.orders to authenticated, service_role;
grant insert (tenant_id, order_id, position, product_id, sku, name, quantity, unit_price,
    discount_percent, tax_rate, attributes),
  update (position, product_id, sku, name, quantity, unit_price, discount_percent, tax_rate, attributes)
  on public.order_items to authenticated, service_role;

create policy "members read their tenant's orders"
  on public.orders for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'orders')));
create policy "members who write place orders"
  on public.orders for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'orders')));
create policy "members who write change orders"
  on public.orders for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'orders')))
  with check (tenant_id = (select private.current_tenant('member', 'orders')));

create policy "members read their tenant's order items"
  on public.order_items for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'orders')));
create policy "members who write add order items"
  on public.order_items for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'orders')));
create policy "members who write change order items"
  on public.order_items for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'orders')))
  with check (tenant_id = (select private.current_tenant('member', 'orders')));

-- Rules of orders -----------------------------------------------------------------------------------

create function private.take_number(tenant uuid, series text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  taken bigint;
begin
  insert into private.number_series as s (tenant_id, series, last)
  values (tenant, take_number.series, 1)
  on conflict (tenant_id, series) do update set last = s.last + 1
  returning last into taken;
  return taken;
end
$$;
comment on function private.take_number is 'The next number of a tenant''s series, without gaps; waits for a transaction that took one before.';

create function private.number_order()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.sequence := private.take_number(new.tenant_id, 'order');
  select t.order_prefix || lpad(new.sequence::text, greatest(6, length(new.sequence::text)), '0')
  into new.number
  from public.tenants t where t.id = new.tenant_id;
  return new;
end
$$;

create function private.may_follow(present public.order_status, next public.order_status)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case present
    when 'pending' then next in ('processing', 'cancelled')
    when 'processing' then next in ('shipped', 'cancelled')
    when 'shipped' then next = 'delivered'
    else false
  end
$$;
comment on function private.may_follow is 'Whether an order in one status may move to the other: the status machine.';

create function private.is_open(status public.order_status)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return status in ('pending', 'processing');
end
$$;
comment on function private.is_open is 'Whether what is ordered, and so the amounts, may still change.';

create function private.refuse_closed(status public.order_status)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if not private.is_open(status) then
    perform private.refuse(
      409, 'conflict', format('Items and amounts cannot change once an order is %s.', status));
  end if;
end
$$;

create function private.guard_order()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  digits constant int := private.minor_digits(new.currency);
begin
  if tg_op = 'UPDATE' then
    if new.status <> old.status and not private.may_follow(old.status, new.status) then
      perform private.refuse(
        409, 'invalid_transition', format('A %s order cannot become %s.', old.status, new.status));
    end if;
    if (new.currency, new.shipping_total) is distinct from (old.currency, old.shipping_total) then
      perform private.refuse_closed(old.status);
    end if;
  end if;

  if new.shipping_total <> round(new.shipping_total, digits) then
    perform private.refuse(
      422, 'validation_failed', format('%s has %s decimals.', new.currency, digits), 'shipping_total');
  end if;
  -- Rounded although they are round, so that every amount prints with its currency's digits.
  new.shipping_total := round(new.shipping_total, digits);
  new.subtotal := round(new.subtotal, digits);
  new.discount_total := round(new.discount_total, digits);
  new.tax_total := round(new.tax_total, digits);
  new.total := new.subtotal + new.tax_total + new.shipping_total;
  return new;
end
$$;
comment on function private.guard_order is
  'BEFORE INSERT OR UPDATE: the status machine, frozen amounts, the currency''s digits, and the total.';

create trigger "10_guard_tenant" before insert on public.orders
  for each row execute function private.guard_tenant('orders');
create trigger "20_default_currency" before insert or update of currency on public.orders
  for each row execute function private.default_currency();
create trigger "20_check_custom" before insert or update on public.orders
  for each row execute function private.check_custom('order');
create trigger "30_guard_order" before insert or update on public.orders
  for each row execute function private.guard_order();
create trigger "40_number_order" before insert on public.orders
  for each row execute function private.number_order();
create trigger "50_keep_version" before update on public.orders
  for each row execute function private.keep_version();

-- Rules of items ------------------------------------------------------------------------------------

create function private.compute_item()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  parent public.orders;
  digits int;
  gross numeric;
begin
  -- The order's lock makes item changes and status changes wait for one another.
  select o.* into parent from public.orders o
  where o.tenant_id = coalesce(new.tenant_id, old.tenant_id)
    and o.id = coalesce(new.order_id, old.order_id)
  for no key update;
  if found then
    if parent.deleted_at is not null then
      perform private.refuse(409, 'conflict', 'This order is in the trash. Restore it before changing it.');
    end if;
    perform private.refuse_closed(parent.status);
  elsif tg_op <> 'DELETE' then
    perform private.refuse(422, 'validation_failed', 'There is no such order.', 'order_id');
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;

  if new.position is null then
    select coalesce(max(i.position), 0) + 1 into new.position
    from public.order_items i where i.tenant_id = new.tenant_id and i.order_id = new.order_id;
  end if;

  -- numeric's round() rounds half away from zero.
  digits := private.minor_digits(parent.currency);
  gross := round(new.quantity * new.unit_price, digits);
  new.discount := round(gross * new.discount_percent / 100, digits);
  new.line_total := gross - new.discount;
  new.tax := round(new.line_total * new.tax_rate / 100, digits);
  return new;
end
$$;
comment on function private.compute_item is
  'BEFORE every change of an item: only while its order is open; gives its position and computes its amounts.';

create trigger "10_guard_tenant" before insert on public.order_items
  for each row execute function private.guard_tenant('orders');
create trigger "20_compute_item" before insert or update or delete on public.order_items
  for each row execute function private.compute_item();

create function private.total_orders()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.orders o
  set subtotal = sums.subtotal, discount_total = sums.discount_total, tax_total = sums.tax_total,
      version = o.version + 1
  from (
    select touched.tenant_id, touched.order_id,
      coalesce(sum(i.line_total), 0) as subtotal,
      coalesce(sum(i.discount), 0) as discount_total,
      coalesce(sum(i.tax), 0) as tax_total
    from (select distinct tenant_id, order_id from changed) as touched
    left join public.order_items i
      on i.tenant_id = touched.tenant_id and i.order_id = touched.order_id
    group by touched.tenant_id, touched.order_id
  ) as sums
  where o.tenant_id = sums.tenant_id and o.id = sums.order_id;
  return null;
end
$$;
comment on function private.total_orders is 'AFTER a statement that changed items: the totals and the version of their orders.';

create trigger total_after_insert after insert on public.order_items
  referencing new table as changed for each statement execute function private.total_orders();
create trigger total_after_update after update on public.order_items
  referencing new table as changed for each statement execute function private.total_orders();
create trigger total_after_delete after delete on public.order_items
  referencing old table as changed for each statement execute function private.total_orders();

create function private.recompute_items()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.order_items i set quantity = i.quantity
  where i.tenant_id = new.tenant_id and i.order_id = new.id;
  return null;
end
$$;
comment on function private.recompute_items is 'AFTER a change of currency: every line anew, in the new currency''s digits.';
create trigger recompute_items after update of currency on public.orders
  for each row when (new.currency <> old.currency) execute function private.recompute_items();
