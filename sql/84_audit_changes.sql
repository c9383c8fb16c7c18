-- Audit: changes of rows. What an entry says of one, and the triggers of every table that has any.

create function private.field_changes(before jsonb, after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(key, jsonb_build_array(before -> key, after -> key)), '{}')
    from jsonb_object_keys(before || after) as key
    where before -> key is distinct from after -> key
      and key <> all ('{tenant_id,id,version,created_at,updated_at,created_by,object_key}')
      -- Never a secret, neither hashed nor encrypted; when it was changed is none.
      and (key !~ 'secret|token|hash|password|crypt|cipher' or key like '%\_at'));
end
$$;
comment on function private.field_changes is 'The fields in which two rows differ, {field: [old, new]}; never a secret.';

create function private.audit_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  entity constant text := tg_argv[0];
  before jsonb := '{}';
  after jsonb := '{}';
  present jsonb;
  changes jsonb;
  origin audit.origin;
begin
  if tg_op <> 'INSERT' then
    before := jsonb_strip_nulls(to_jsonb(old));
    present := before;
  end if;
  if tg_op <> 'DELETE' then
    after := jsonb_strip_nulls(to_jsonb(new));
    present := after;
  end if;
  changes := private.field_changes(before, after);
  if changes = '{}' and tg_op = 'UPDATE' then
    return null;
  end if;

  origin := private.audit_origin();
  if origin.door = 'task' and origin.actor_kind = 'system' and entity in ('export', 'email')
    and present ->> 'status' in ('running', 'succeeded', 'failed', 'sent')
    and present ->> 'requested_by' is not null
  then
    origin.actor_kind := 'user';
    origin.actor_id := present ->> 'requested_by';
  end if;
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent,
    request_id, metadata)
  values (
    (present ->> tg_argv[1])::uuid, origin.actor_kind, origin.actor_id,
    case
      when tg_op = 'INSERT' then case entity when 'export' then 'export' when 'api_key' then 'key_created' else 'create' end
      when tg_op = 'DELETE' then 'delete'
      when entity = 'api_key' and changes ? 'revoked_at' then 'key_revoked'
      when entity = 'member' and changes ? 'role' then 'role_change'
      when changes ? 'deleted_at' then case when after ? 'deleted_at' then 'delete' else 'restore' end
      else 'update'
    end,
    entity, present ->> tg_argv[2], changes, origin.ip, origin.user_agent, origin.request_id,
    jsonb_strip_nulls(jsonb_build_object(
      'door', origin.door,
      -- What its amounts are in; of an item, its order's.
      'currency', case when entity = 'order_item'
        then (select o.currency from public.orders o
          where o.tenant_id = (present ->> 'tenant_id')::uuid and o.id = (present ->> 'order_id')::uuid)
        else present ->> 'currency' end,
      'of', case when tg_nargs > 4
        then coalesce(present ->> tg_argv[3], tg_argv[3]) || ':' || (present #>> string_to_array(tg_argv[4], '.')) end)));
  return null;
end
$$;
comment on function private.audit_change is
  'AFTER a change of a row: one entry. Arguments: entity type, tenant''s column, id''s column; for a part of another record its type (or the column with it) and the column (or path) with its id.';

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
-- A new order brings many at once.
create function private.audit_items()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  origin constant audit.origin := private.audit_origin();
  -- As private.field_changes has it: of each field of each item it took longer than all else.
  untold constant text[] := '{tenant_id,id}';
begin
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent,
    request_id, metadata)
  select i.tenant_id, origin.actor_kind, origin.actor_id, 'create', 'order_item', i.id::text,
    (select jsonb_object_agg(field.key, jsonb_build_array(null, field.value))
      from jsonb_each(jsonb_strip_nulls(to_jsonb(i)) - untold) as field),
    origin.ip, origin.user_agent,
    origin.request_id,
    jsonb_build_object('door', origin.door, 'currency', o.currency, 'of', 'order:' || i.order_id)
  from added i left join public.orders o on o.tenant_id = i.tenant_id and o.id = i.order_id
  order by i.order_id, i.position;
  return null;
end
$$;
comment on function private.audit_items is 'AFTER a statement that added items: one entry for each, written together.';
create trigger audit_insert after insert on public.order_items
  referencing new table as added for each statement execute function private.audit_items();
create trigger audit after update or delete on public.order_items
  for each row execute function private.audit_change('order_item', 'tenant_id', 'id', 'order', 'order_id');
-- Not where its bytes are, nor whether it has a preview: those follow by themselves.
create trigger audit after insert or delete or update of status on public.attachments
  for each row execute function private.audit_change('attachment', 'tenant_id', 'id', 'entity_type', 'entity_id');
-- Not its progress, which changes every second.
create trigger audit after insert or delete or update of status on public.exports
  for each row execute function private.audit_change('export', 'tenant_id', 'id');
create trigger audit after insert or delete or update of status on public.emails
  for each row execute function private.audit_change('email', 'tenant_id', 'id', 'order', 'params.order_id');
-- Not how its deliveries fare. Its secrets are in a table of their own.
create trigger audit after insert or delete
  or update of url, events, description, active, disabled_reason, secret_rotated_at
  on public.webhooks for each row execute function private.audit_change('webhook', 'tenant_id', 'id');
-- Not its last use, which changes every minute.
create trigger audit after insert or delete or update of label, role, scopes, expires_at, revoked_at
  on public.api_keys for each row execute function private.audit_change('api_key', 'tenant_id', 'id');
create trigger audit after insert or update or delete on private.storage_quotas
  for each row execute function private.audit_change('storage_quota', 'tenant_id', 'tenant_id');
