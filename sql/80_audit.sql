-- Audit: every change of a tenant's records leaves a row, in the transaction of the change.

create table audit.entries (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  at timestamptz not null default now(),
  actor_kind text not null check (actor_kind in ('user', 'api_key', 'analyst', 'system')),
  actor_id text,
  action text not null,
  entity_type text not null,
  entity_id text not null,
  changes jsonb not null default '{}',
  ip inet,
  user_agent text,
  request_id text,
  metadata jsonb not null default '{}',
  primary key (tenant_id, id)
);
comment on table audit.entries is 'Who changed what, from where. Only triggers write here.';
comment on column audit.entries.actor_id is 'The person''s id; for the system, the database role.';
comment on column audit.entries.changes is '{field: [old, new]}.';
create index entries_entity_idx on audit.entries (tenant_id, entity_type, entity_id, id desc);

alter table audit.entries enable row level security;
alter table audit.entries force row level security;

create function private.client_address()
returns inet
language sql
stable
set search_path = ''
as $$
  select case when pg_input_is_valid(address, 'inet') then address::inet end
  from (select btrim(split_part(coalesce(private.request_header('x-forwarded-for'), ''), ',', 1)) as address) as first
$$;
comment on function private.client_address is 'The client''s address as our own gateway reported it.';

create function private.field_changes(before jsonb, after jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(key, jsonb_build_array(before -> key, after -> key)), '{}')
  from jsonb_object_keys(before || after) as key
  where before -> key is distinct from after -> key
    and key not in ('tenant_id', 'id', 'version', 'created_at', 'updated_at', 'created_by',
      'token_hash', 'mailed_token_hash')
$$;
comment on function private.field_changes is 'The fields in which two rows differ, {field: [old, new]}; never a secret.';

create function private.audit_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  before constant jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
  after constant jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
  present constant jsonb := case when tg_op = 'DELETE' then before else after end;
  changes jsonb := private.field_changes(before, after);
begin
  if changes = '{}' then
    return null;
  end if;
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent, request_id)
  values (
    (present ->> tg_argv[1])::uuid,
    case when auth.uid() is null then 'system' else 'user' end,
    coalesce(auth.uid()::text, session_user),
    case
      when tg_op = 'INSERT' then 'create'
      when tg_op = 'DELETE' or (changes ? 'deleted_at' and present ->> 'deleted_at' is not null) then 'delete'
      when changes ? 'deleted_at' then 'restore'
      when changes ? 'role' then 'role_change'
      else 'update'
    end,
    tg_argv[0], present ->> tg_argv[2], changes,
    private.client_address(), left(private.request_header('user-agent'), 500),
    left(private.request_header('x-request-id'), 200));
  return null;
end
$$;
comment on function private.audit_change is
  'AFTER a change of a row: one audit entry. Arguments: entity type, tenant''s column, id''s column.';

create trigger audit after insert or update or delete on public.tenants
  for each row execute function private.audit_change('tenant', 'id', 'id');
create trigger audit after insert or update or delete on public.memberships
  for each row execute function private.audit_change('member', 'tenant_id', 'user_id');
create trigger audit after insert or update or delete on public.invitations
  for each row execute function private.audit_change('invitation', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.custom_fields
  for each row execute function private.audit_change('custom_field', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.customers
  for each row execute function private.audit_change('customer', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.products
  for each row execute function private.audit_change('product', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.orders
  for each row execute function private.audit_change('order', 'tenant_id', 'id');

-- An order's history, as its readers may see it --------------------------------------------------------

create function public.order_timeline(order_id uuid)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('viewer');
begin
  if not exists (
    select from public.orders o where o.tenant_id = tenant and o.id = order_timeline.order_id)
  then
    perform private.refuse(404, 'not_found', 'There is no such order.');
  end if;
  return (
    select coalesce(json_agg(json_build_object(
      'at', e.at,
      'kind', case when e.changes ? 'status' and e.action = 'update' then 'status_changed' else e.action || 'd' end,
      'actor', json_build_object('kind', e.actor_kind, 'id', e.actor_id, 'email', p.email, 'name', p.name),
      'summary', case
        when e.action = 'create' then 'Order placed'
        when e.action = 'delete' then 'Moved to the trash'
        when e.action = 'restore' then 'Restored from the trash'
        when e.changes ? 'status' then format('Status changed from %s to %s', e.changes #>> '{status,0}', e.changes #>> '{status,1}')
        when e.changes ? 'subtotal' then 'Items and totals changed'
        else 'Changed ' || (select string_agg(replace(key, '_', ' '), ', ' order by key) from jsonb_object_keys(e.changes) as key)
      end,
      'changes', case when e.action = 'update' then e.changes end) order by e.id desc), '[]')
    from (
      -- Items arrive right behind their new order, in one transaction: to its readers that is one event.
      select entry.*, min(entry.at) over () as created_at
      from audit.entries entry
      where entry.tenant_id = tenant and entry.entity_type = 'order'
        and entry.entity_id = order_timeline.order_id::text
    ) as e
    left join public.people p on p.id::text = e.actor_id and e.actor_kind = 'user'
    where e.action <> 'update' or e.at > e.created_at);
end
$$;
comment on function public.order_timeline is
  'What happened to an order, newest first: {at, kind, actor, summary, changes}.';
grant execute on function public.order_timeline to authenticated;
