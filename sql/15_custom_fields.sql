-- Custom fields: what a tenant keeps about its customers, products and orders beyond our columns.

create type public.custom_field_type as enum ('text', 'number', 'date', 'boolean', 'choice');

create table public.custom_fields (
  tenant_id uuid not null default private.current_tenant('admin')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  entity text not null constraint custom_fields_entity_known
    check (entity in ('customer', 'product', 'order')),
  key text not null constraint custom_fields_key_format check (key ~ '^[a-z][a-z0-9_]{0,62}$'),
  label text not null constraint custom_fields_label_length
    check (char_length(btrim(label)) between 1 and 100),
  type public.custom_field_type not null,
  required boolean not null default false,
  choices text[] not null default '{}',
  position int not null default 0,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, entity, key),
  constraint custom_fields_choices_given check ((type = 'choice') = (cardinality(choices) > 0))
);
comment on table public.custom_fields is
  'The custom fields of a tenant. Until an entity has one, its custom object is free-form; from then on it is checked.';
comment on column public.custom_fields.key is 'The field''s name in the custom object.';
comment on column public.custom_fields.choices is 'What a field of type choice may hold.';

alter table public.custom_fields enable row level security;
alter table public.custom_fields force row level security;
grant select on public.custom_fields to authenticated, service_role;
grant insert (tenant_id, entity, key, label, type, required, choices, position),
  update (label, required, choices, position), delete
  on public.custom_fields to authenticated, service_role;

create policy "members read the custom fields"
  on public.custom_fields for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer')));
create policy "admins add custom fields"
  on public.custom_fields for insert to authenticated
  with check (tenant_id = (select private.current_tenant('admin')));
create policy "admins change custom fields"
  on public.custom_fields for update to authenticated
  using (tenant_id = (select private.current_tenant('admin')))
  with check (tenant_id = (select private.current_tenant('admin')));
create policy "admins remove custom fields"
  on public.custom_fields for delete to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

create trigger "10_guard_tenant" before insert on public.custom_fields
  for each row execute function private.guard_tenant();

create function private.fits_custom_field(field public.custom_fields, value jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case field.type
    when 'text' then jsonb_typeof(value) = 'string' and char_length(value #>> '{}') <= 1000
    when 'number' then jsonb_typeof(value) = 'number'
    when 'boolean' then jsonb_typeof(value) = 'boolean'
    when 'date' then jsonb_typeof(value) = 'string'
      and value #>> '{}' ~ '^\d{4}-\d\d-\d\d$' and pg_input_is_valid(value #>> '{}', 'date')
    when 'choice' then jsonb_typeof(value) = 'string' and value #>> '{}' = any (field.choices)
  end
$$;

create function private.check_custom()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  kind constant text := tg_argv[0];
  field public.custom_fields;
  defined int := 0;
  value jsonb;
begin
  if tg_op = 'UPDATE' and new.custom = old.custom then
    return new;
  end if;
  if jsonb_typeof(new.custom) <> 'object' or octet_length(new.custom::text) > 65536 then
    perform private.refuse(422, 'validation_failed', 'Expected an object of at most 64 KiB.', 'custom');
  end if;

  for field in
    select f.* from public.custom_fields f
    where f.tenant_id = new.tenant_id and f.entity = kind
  loop
    defined := defined + 1;
    value := nullif(new.custom -> field.key, 'null');
    if value is null and field.required then
      perform private.refuse(
        422, 'validation_failed', format('%s is required.', field.label), 'custom.' || field.key);
    elsif value is not null and not private.fits_custom_field(field, value) then
      perform private.refuse(
        422, 'validation_failed',
        case when field.type = 'choice'
          then format('%s is one of: %s.', field.label, array_to_string(field.choices, ', '))
          else format('%s is a %s.', field.label, field.type) end,
        'custom.' || field.key);
    end if;
  end loop;

  if defined > 0 then
    perform private.refuse_unknown_keys(
      new.custom,
      array(select f.key from public.custom_fields f
        where f.tenant_id = new.tenant_id and f.entity = kind),
      'custom.');
  end if;
  return new;
end
$$;
comment on function private.check_custom is
  'BEFORE INSERT OR UPDATE: the custom object against the tenant''s definitions of the entity named by the argument.';
