-- Custom fields: what a tenant keeps about its customers, products and orders beyond our columns.

create type public.custom_field_type as enum ('text', 'number', 'date', 'boolean', 'choice');

create function private.are_choices(choices text[])
returns boolean
language sql
immutable
set search_path = ''
as $$
  select cardinality(choices) <= 100
    and coalesce(bool_and(char_length(btrim(choice)) between 1 and 200), true)
    and count(choice) = count(distinct choice)
  from unnest(choices) as choice
$$;
comment on function private.are_choices is 'At most 100 different texts, none of them empty.';
grant execute on function private.are_choices to authenticated, service_role;

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
  choices text[] not null default '{}' constraint custom_fields_choices_fit
    check (private.are_choices(choices)),
  position int not null default 0,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint custom_fields_key_key unique (tenant_id, entity, key),
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
  using (tenant_id = (select private.current_tenant('viewer', 'tenant')));
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
      and private.as_date(value #>> '{}') is not null
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

-- What admins do with them -------------------------------------------------------------------------

create function private.limit_custom_fields()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Two at once must not both be the last one.
  perform from public.tenants t where t.id = new.tenant_id for no key update;
  if (select count(*) from public.custom_fields f
      where f.tenant_id = new.tenant_id and f.entity = new.entity) >= 100
  then
    perform private.refuse(409, 'conflict', 'There are 100 fields already; remove one first.');
  end if;
  return new;
end
$$;
comment on function private.limit_custom_fields is 'BEFORE INSERT: at most 100 fields for an entity; every write of a record is held against them.';
create trigger "20_limit_custom_fields" before insert on public.custom_fields
  for each row execute function private.limit_custom_fields();

create function private.custom_field_document(field public.custom_fields)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'id', field.id, 'entity', field.entity, 'key', field.key, 'label', field.label,
    'type', field.type, 'required', field.required, 'choices', field.choices,
    'position', field.position, 'created_at', field.created_at)
$$;
grant execute on function private.custom_field_document to authenticated;

create function public.list_custom_fields(entity text default null)
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('viewer', 'tenant');
begin
  return (
    select coalesce(json_agg(private.custom_field_document(f) order by f.entity, f.position, f.id), '[]')
    from public.custom_fields f
    where f.tenant_id = tenant and f.entity = coalesce(list_custom_fields.entity, f.entity));
end
$$;
comment on function public.list_custom_fields is 'The active tenant''s custom fields, of one entity or of all, in the order of forms.';
grant execute on function public.list_custom_fields to authenticated;

create function public.create_custom_field(payload jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  input public.custom_fields;
  made public.custom_fields;
begin
  perform private.refuse_unknown_keys(
    payload, array['entity', 'key', 'label', 'type', 'required', 'choices', 'position']);
  input := jsonb_populate_record(null::public.custom_fields, payload);
  insert into public.custom_fields (tenant_id, entity, key, label, type, required, choices, position)
  values (
    tenant, input.entity, input.key, btrim(input.label), input.type, coalesce(input.required, false),
    coalesce(input.choices, '{}'),
    coalesce(input.position, (
      select coalesce(max(f.position), 0) + 1 from public.custom_fields f
      where f.tenant_id = tenant and f.entity = input.entity)))
  returning * into made;
  return private.custom_field_document(made);
end
$$;
comment on function public.create_custom_field is
  'Adds a custom field {entity, key, label, type, required?, choices?, position?}; admins. What is stored is not looked at again until its custom object changes.';
grant execute on function public.create_custom_field to authenticated;

create function public.update_custom_field(id uuid, patch jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  present public.custom_fields;
begin
  perform private.refuse_unknown_keys(patch, array['label', 'required', 'choices', 'position']);
  select f.* into present from public.custom_fields f
  where f.tenant_id = tenant and f.id = update_custom_field.id for update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such field.');
  end if;
  present := jsonb_populate_record(present, patch);
  update public.custom_fields f
  set label = btrim(present.label), required = present.required, choices = present.choices,
    position = present.position
  where f.tenant_id = tenant and f.id = update_custom_field.id
  returning * into present;
  return private.custom_field_document(present);
end
$$;
comment on function public.update_custom_field is 'Changes what a custom field is called, asks for and offers; its key and type stay. Admins.';
grant execute on function public.update_custom_field to authenticated;

create function public.delete_custom_field(id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  delete from public.custom_fields f where f.tenant_id = tenant and f.id = delete_custom_field.id;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such field.');
  end if;
end
$$;
comment on function public.delete_custom_field is
  'Removes a custom field; admins. Records keep what they hold in it until their custom object changes.';
grant execute on function public.delete_custom_field to authenticated;
