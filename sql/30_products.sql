-- Products: what a tenant sells, at which price.

create table public.products (
  tenant_id uuid not null default private.current_tenant('member', 'products')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  sku text not null constraint products_sku_length
    check (char_length(btrim(sku)) >= 1 and char_length(sku) <= 1000),
  name text not null constraint products_name_length
    check (char_length(btrim(name)) >= 1 and char_length(name) <= 1000),
  unit_price numeric not null constraint products_unit_price_range
    check (unit_price between 0 and 1e9 and unit_price = round(unit_price, 4)),
  currency text not null references public.currencies (code),
  tax_rate numeric not null default 0 constraint products_tax_rate_range
    check (tax_rate between 0 and 100),
  unit text constraint products_unit_length check (char_length(unit) <= 1000),
  active boolean not null default true,
  custom jsonb not null default '{}',
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.products is 'What the tenant sells.';
comment on column public.products.sku is 'Stock keeping unit: unique among the tenant''s live products.';
comment on column public.products.unit_price is 'Net price of one unit, at most four decimals, in currency.';
comment on column public.products.tax_rate is 'Percent, 0 to 100.';
comment on column public.products.unit is 'What one is: piece, kg, hour …';
comment on column public.products.active is 'Whether it is offered for new orders.';
comment on column public.products.custom is 'The tenant''s own fields, checked against custom_fields.';
comment on column public.products.version is 'Moves with every change; the ETag.';
comment on column public.products.deleted_at is 'When it went to the trash; null while it is live.';

-- By its digest: a thousand characters do not fit into an index entry.
create unique index products_sku_key on public.products (tenant_id, md5(sku)) where deleted_at is null;
create index products_sku_idx on public.products (tenant_id, left(sku, 250), id) where deleted_at is null;
-- A name may be longer than an index entry can be; lists sort by its beginning.
create index products_name_idx on public.products (tenant_id, left(name, 250), id) where deleted_at is null;
create index products_unit_price_idx on public.products (tenant_id, unit_price, id) where deleted_at is null;
create index products_created_at_idx on public.products (tenant_id, created_at desc, id desc)
  where deleted_at is null;
create index products_trash_idx on public.products (tenant_id, created_at desc, id desc)
  where deleted_at is not null;
create index products_search_idx on public.products using gin (
  tenant_id extensions.uuid_ops, sku extensions.gin_trgm_ops, name extensions.gin_trgm_ops)
  with (fastupdate = off);

alter table public.products enable row level security;
alter table public.products force row level security;
grant select on public.products to authenticated, service_role;
grant insert (tenant_id, sku, name, unit_price, currency, tax_rate, unit, active, custom),
  update (sku, name, unit_price, currency, tax_rate, unit, active, custom)
  on public.products to authenticated, service_role;

create policy "members read their tenant's products"
  on public.products for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'products')));
create policy "members who write add products"
  on public.products for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'products')));
create policy "members who write change products"
  on public.products for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'products')))
  with check (tenant_id = (select private.current_tenant('member', 'products')));

create function private.default_currency()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.currency is null then
    select t.currency into new.currency from public.tenants t where t.id = new.tenant_id;
  elsif private.minor_digits(new.currency) is null then
    perform private.refuse(422, 'validation_failed', 'Not an ISO 4217 currency.', 'currency');
  end if;
  return new;
end
$$;
comment on function private.default_currency is 'BEFORE INSERT OR UPDATE: the tenant''s currency where none is given; only known ones.';

create trigger "10_guard_tenant" before insert on public.products
  for each row execute function private.guard_tenant('products');
create trigger "20_default_currency" before insert or update of currency on public.products
  for each row execute function private.default_currency();
create trigger "20_check_custom" before insert or update on public.products
  for each row execute function private.check_custom('product');
create trigger "30_keep_version" before update on public.products
  for each row execute function private.keep_version();

create view private.product_documents with (security_invoker) as
select
  p.tenant_id, p.id, p.sku, p.name, left(p.name, 250) as sort_name,
  left(p.sku, 250) as sort_sku, p.unit_price, p.currency, p.active,
  p.created_at, p.updated_at, p.version, p.deleted_at,
  json_build_object(
    'id', p.id, 'sku', p.sku, 'name', p.name, 'unit_price', p.unit_price, 'currency', p.currency,
    'tax_rate', p.tax_rate, 'unit', p.unit, 'active', p.active, 'custom', p.custom,
    'version', p.version, 'created_by', p.created_by, 'created_at', p.created_at,
    'updated_at', p.updated_at, 'deleted_at', p.deleted_at) as document
from public.products p;
comment on view private.product_documents is 'A product as every answer shows it, with the columns that lists sort and filter by.';
grant select on private.product_documents to authenticated, service_role;

create function private.product_document(id uuid)
returns json
language sql
stable
set search_path = ''
as $$
  select d.document from private.product_documents d
  where d.tenant_id = private.current_tenant('viewer', 'products') and d.id = product_document.id
$$;
grant execute on function private.product_document to authenticated;

-- Writing ------------------------------------------------------------------------------------------

create function public.create_product(payload jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'products');
  made uuid;
  input public.products;
begin
  perform private.refuse_unknown_keys(payload, array[
    'sku', 'name', 'unit_price', 'currency', 'tax_rate', 'unit', 'active', 'custom']);
  input := jsonb_populate_record(null::public.products, jsonb_strip_nulls(payload));
  insert into public.products (tenant_id, sku, name, unit_price, currency, tax_rate, unit, active, custom)
  values (
    tenant, input.sku, input.name, input.unit_price, input.currency, coalesce(input.tax_rate, 0),
    input.unit, coalesce(input.active, true), coalesce(payload -> 'custom', '{}'))
  returning id into made;
  return private.product_document(made);
end
$$;
comment on function public.create_product is 'Adds a product to the active tenant.';
grant execute on function public.create_product to authenticated;

create function public.update_product(id uuid, patch jsonb, expected_version int default null)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'products');
  present public.products;
begin
  perform private.refuse_unknown_keys(patch, array[
    'sku', 'name', 'unit_price', 'currency', 'tax_rate', 'unit', 'active', 'custom']);
  select p.* into present from public.products p
  where p.tenant_id = tenant and p.id = update_product.id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such product.');
  end if;
  perform private.matches_version(present.version, expected_version);

  present := jsonb_populate_record(present, patch);
  update public.products p
  set sku = present.sku, name = present.name, unit_price = present.unit_price,
      currency = present.currency, tax_rate = present.tax_rate, unit = present.unit,
      active = present.active, custom = coalesce(present.custom, '{}')
  where p.tenant_id = tenant and p.id = update_product.id;
  return private.product_document(update_product.id);
end
$$;
comment on function public.update_product is
  'Changes the given fields of a product; 412 when expected_version is not the current one.';
grant execute on function public.update_product to authenticated;

create function public.trash_product(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('product', 'public.products', id, true, expected_version);
  return private.product_document(id);
end
$$;
comment on function public.trash_product is 'Moves a product to the trash.';
grant execute on function public.trash_product to authenticated;

create function public.restore_product(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('product', 'public.products', id, false, expected_version);
  return private.product_document(id);
end
$$;
comment on function public.restore_product is 'Brings a product back from the trash.';
grant execute on function public.restore_product to authenticated;

create function public.search_products(q text)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
declare
  tenant uuid := private.require_role('viewer', 'products');
  pattern text := private.like_pattern(q);
begin
  return query
    select p.id from public.products p
    where p.tenant_id = tenant and (p.sku ilike pattern or p.name ilike pattern);
  if not found then
    perform private.allow_one_wrong_letter(q);
    return query
      select p.id from public.products p
      where p.tenant_id = tenant and p.name operator(extensions.%>) q;
  end if;
end
$$;
comment on function public.search_products is
  'Ids of the products whose SKU or name contain the text; failing that, whose name nearly contains it.';
grant execute on function public.search_products to authenticated;
