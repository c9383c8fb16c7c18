-- Customers: the companies and people that a tenant sells to.

create type public.customer_kind as enum ('company', 'person');

create function private.are_tags(tags text[])
returns boolean
language sql
immutable
set search_path = ''
as $$
  select not exists (
    select from unnest(tags) as tag
    where tag is null or btrim(tag) = '' or char_length(tag) > 1000)
$$;
comment on function private.are_tags is 'Whether each is a text of 1 to 1,000 characters.';
grant execute on function private.are_tags to authenticated, service_role;

create table public.customers (
  tenant_id uuid not null default private.current_tenant('member', 'customers')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  kind public.customer_kind not null default 'company',
  name text not null constraint customers_name_length
    check (char_length(btrim(name)) >= 1 and char_length(name) <= 1000),
  email text constraint customers_email_format
    check (char_length(email) <= 320 and email ~ '^[^\s@]+@[^\s@]+$'),
  phone text constraint customers_phone_length check (char_length(phone) <= 1000),
  tax_id text constraint customers_tax_id_length check (char_length(tax_id) <= 1000),
  billing_address jsonb constraint customers_billing_address_object
    check (jsonb_typeof(billing_address) = 'object' and octet_length(billing_address::text) <= 16384
      and not billing_address @? 'strict $.* ? (@.type() != "string")'),
  shipping_address jsonb constraint customers_shipping_address_object
    check (jsonb_typeof(shipping_address) = 'object' and octet_length(shipping_address::text) <= 16384
      and not shipping_address @? 'strict $.* ? (@.type() != "string")'),
  tags text[] not null default '{}' constraint customers_tags_range
    check (cardinality(tags) <= 50 and private.are_tags(tags)),
  custom jsonb not null default '{}',
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.customers is 'The companies and people that the tenant sells to.';
comment on column public.customers.tax_id is 'VAT or other tax number, as the customer gave it.';
comment on column public.customers.billing_address is 'An object of text fields: line1, line2, postal_code, city, region, country …';
comment on column public.customers.custom is 'The tenant''s own fields, checked against custom_fields.';
comment on column public.customers.version is 'Moves with every change; the ETag.';
comment on column public.customers.deleted_at is 'When it went to the trash; null while it is live.';

-- A name may be longer than an index entry can be; lists sort by its beginning.
create index customers_name_idx on public.customers (tenant_id, left(name, 250), id) where deleted_at is null;
create index customers_created_at_idx on public.customers (tenant_id, created_at desc, id desc)
  where deleted_at is null;
create index customers_trash_idx on public.customers (tenant_id, created_at desc, id desc)
  where deleted_at is not null;
-- Without fastupdate, here and in the other search indexes: its list of pending entries is read by
-- every search, and a few hundred new rows made searches three times as slow.
create index customers_search_idx on public.customers using gin (
  tenant_id extensions.uuid_ops,
  name extensions.gin_trgm_ops, email extensions.gin_trgm_ops, phone extensions.gin_trgm_ops,
  tax_id extensions.gin_trgm_ops)
  with (fastupdate = off);

alter table public.customers enable row level security;
alter table public.customers force row level security;
grant select on public.customers to authenticated, service_role;
grant insert (tenant_id, kind, name, email, phone, tax_id, billing_address, shipping_address, tags, custom),
  update (kind, name, email, phone, tax_id, billing_address, shipping_address, tags, custom)
  on public.customers to authenticated, service_role;

create policy "members read their tenant's customers"
  on public.customers for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'customers')));
create policy "members who write add customers"
  on public.customers for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'customers')));
create policy "members who write change customers"
  on public.customers for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'customers')))
  with check (tenant_id = (select private.current_tenant('member', 'customers')));

create trigger "10_guard_tenant" before insert on public.customers
  for each row execute function private.guard_tenant('customers');
create trigger "20_check_custom" before insert or update on public.customers
  for each row execute function private.check_custom('customer');
create trigger "30_keep_version" before update on public.customers
  for each row execute function private.keep_version();

create view private.customer_documents with (security_invoker) as
select
  c.tenant_id, c.id, c.kind, c.name, left(c.name, 250) as sort_name, c.email, c.tags,
  c.created_at, c.updated_at, c.version, c.deleted_at,
  json_build_object(
    'id', c.id, 'kind', c.kind, 'name', c.name, 'email', c.email, 'phone', c.phone,
    'tax_id', c.tax_id, 'billing_address', c.billing_address,
    'shipping_address', c.shipping_address, 'tags', c.tags, 'custom', c.custom,
    'version', c.version, 'created_by', c.created_by, 'created_at', c.created_at,
    'updated_at', c.updated_at, 'deleted_at', c.deleted_at) as document
from public.customers c;
comment on view private.customer_documents is 'A customer as every answer shows it, with the columns that lists sort and filter by.';
grant select on private.customer_documents to authenticated, service_role;

create function private.customer_document(id uuid)
returns json
language sql
stable
set search_path = ''
as $$
  select d.document from private.customer_documents d
  where d.tenant_id = private.current_tenant('viewer', 'customers') and d.id = customer_document.id
$$;
grant execute on function private.customer_document to authenticated;

-- Writing ------------------------------------------------------------------------------------------

create function public.create_customer(payload jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'customers');
  made uuid;
  input public.customers;
begin
  perform private.refuse_unknown_keys(payload, array[
    'kind', 'name', 'email', 'phone', 'tax_id', 'billing_address', 'shipping_address', 'tags', 'custom']);
  input := jsonb_populate_record(null::public.customers, jsonb_strip_nulls(payload));
  insert into public.customers (
    tenant_id, kind, name, email, phone, tax_id, billing_address, shipping_address, tags, custom)
  values (
    tenant, coalesce(input.kind, 'company'), input.name, input.email, input.phone, input.tax_id,
    input.billing_address, input.shipping_address, coalesce(input.tags, '{}'),
    coalesce(payload -> 'custom', '{}'))
  returning id into made;
  return private.customer_document(made);
end
$$;
comment on function public.create_customer is 'Adds a customer to the active tenant.';
grant execute on function public.create_customer to authenticated;

create function public.update_customer(id uuid, patch jsonb, expected_version int default null)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'customers');
  present public.customers;
begin
  perform private.refuse_unknown_keys(patch, array[
    'kind', 'name', 'email', 'phone', 'tax_id', 'billing_address', 'shipping_address', 'tags', 'custom']);
  select c.* into present from public.customers c
  where c.tenant_id = tenant and c.id = update_customer.id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such customer.');
  end if;
  perform private.matches_version(present.version, expected_version);

  present := jsonb_populate_record(present, patch);
  update public.customers c
  set kind = present.kind, name = present.name, email = present.email, phone = present.phone,
      tax_id = present.tax_id, billing_address = nullif(present.billing_address, 'null'),
      shipping_address = nullif(present.shipping_address, 'null'), tags = present.tags,
      custom = coalesce(present.custom, '{}')
  where c.tenant_id = tenant and c.id = update_customer.id;
  return private.customer_document(update_customer.id);
end
$$;
comment on function public.update_customer is
  'Changes the given fields of a customer; 412 when expected_version is not the current one.';
grant execute on function public.update_customer to authenticated;

-- The trash: one mechanism for customers, products and orders ----------------------------------------

create function private.set_trashed(
  kind text, record_table regclass, id uuid, trashed boolean, expected_version int)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'customers');
  present record;
begin
  -- The table's name is a regclass: it can only be a table's, and prints quoted.
  execute format(
    'select version, deleted_at from %s where tenant_id = $1 and id = $2 for no key update',
    record_table) into present using tenant, id;
  if present is null then
    perform private.refuse(404, 'not_found', format('There is no such %s.', kind));
  end if;
  perform private.matches_version(present.version, expected_version);
  if (present.deleted_at is not null) = trashed then
    perform private.refuse(409, 'conflict', format(
      case when trashed then 'This %s is in the trash already.' else 'This %s is not in the trash.' end,
      kind));
  end if;
  execute format(
    'update %s set deleted_at = case when $3 then now() end where tenant_id = $1 and id = $2',
    record_table) using tenant, id, trashed;
end
$$;
comment on function private.set_trashed is
  'Moves a record to the trash or back: the one way to write deleted_at. Takes the role member in its tenant.';

create function public.trash_customer(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('customer', 'public.customers', id, true, expected_version);
  return private.customer_document(id);
end
$$;
comment on function public.trash_customer is 'Moves a customer to the trash.';
grant execute on function public.trash_customer to authenticated;

create function public.restore_customer(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('customer', 'public.customers', id, false, expected_version);
  return private.customer_document(id);
end
$$;
comment on function public.restore_customer is 'Brings a customer back from the trash.';
grant execute on function public.restore_customer to authenticated;

-- Search --------------------------------------------------------------------------------------------
-- Trigram operators are not leakproof, so under RLS they lose their index. These functions run past
-- RLS, and therefore ask for the tenant first and name it in every query.

create function private.like_pattern(q text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- Every record is held against it: its length decides how long that takes.
  if char_length(q) > 200 then
    perform private.refuse(422, 'validation_failed', 'A search has at most 200 characters.', 'q');
  end if;
  return '%' || replace(replace(replace(btrim(q), '\', '\\'), '%', '\%'), '_', '\_') || '%';
end
$$;

create function private.allow_one_wrong_letter(q text)
returns void
language sql
volatile
set search_path = ''
as $$
  -- A word of n letters has n + 1 trigrams. One wrong letter spoils three of them and brings three
  -- others in: n - 2 are shared, of n + 4 in all.
  select set_config(
    'pg_trgm.word_similarity_threshold',
    greatest(0.3, least(0.6, (n - 2) / (n + 4) - 0.01))::text, true)
  from (select char_length(btrim(q))::numeric as n) as letters
$$;
comment on function private.allow_one_wrong_letter is
  'Sets, for this transaction, how alike a word must be to match a search with one letter wrong.';

create function public.search_customers(q text)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
declare
  tenant uuid := private.require_role('viewer', 'customers');
  pattern text := private.like_pattern(q);
begin
  return query
    select c.id from public.customers c
    where c.tenant_id = tenant
      and (c.name ilike pattern or c.email ilike pattern or c.phone ilike pattern
        or c.tax_id ilike pattern);
  if not found then
    perform private.allow_one_wrong_letter(q);
    return query
      select c.id from public.customers c
      where c.tenant_id = tenant
        and (c.name operator(extensions.%>) q or c.email operator(extensions.%>) q);
  end if;
end
$$;
comment on function public.search_customers is
  'Ids of the customers whose name, e-mail, phone or tax number contain the text; failing that, nearly contain it.';
grant execute on function public.search_customers to authenticated;
