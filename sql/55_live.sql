-- Live: what open pages are told, so that they need not ask again and again. The functions listen
-- (functions/events) and pass on to each person what their role sees: ids and progress, never contents.
-- A commit that notifies waits for other such commits: only what is rare, or notifies anyway, tells.

-- The channel ------------------------------------------------------------------------------------------
-- Everybody with a login may LISTEN and NOTIFY, analysts too, but nobody can guess this name.

create table private.live_channel (
  only_one boolean primary key default true check (only_one),
  name text not null default 'kontor_' || replace(gen_random_uuid()::text, '-', '')
);
comment on table private.live_channel is 'The channel that the functions listen on, named when they first do; its name is a secret.';
alter table private.live_channel enable row level security;
alter table private.live_channel force row level security;

create function private.live_channel()
returns text
language sql
security definer
set search_path = ''
as $$
  insert into private.live_channel default values on conflict do nothing;
  select c.name from private.live_channel c
$$;
comment on function private.live_channel is 'The channel to listen on; for the functions alone.';
grant execute on function private.live_channel to kontor_functions;

create function private.tell(tenant uuid, event jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  channel text;
begin
  select c.name into channel from private.live_channel c;
  -- Without a name nobody has ever listened. Postgres says the same thing once in a transaction.
  if found then
    perform pg_notify(channel, (event || jsonb_build_object('tenant_id', tenant))::text);
  end if;
end
$$;
comment on function private.tell is 'Tells the open pages of a tenant, once the transaction is committed: {kind, ids}.';

-- What changes about who may listen ----------------------------------------------------------------------

create function private.tell_access()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Streams of those who lost their role end at once; the others are looked at, and go on.
  if tg_relid = 'public.tenants'::regclass then
    perform private.tell(old.id, '{"kind": "access"}');
  else
    perform private.tell(old.tenant_id, '{"kind": "access"}');
  end if;
  return null;
end
$$;
comment on function private.tell_access is 'AFTER UPDATE or DELETE: whoever listens in the tenant may have lost a right.';
create trigger tell_access after update or delete on public.memberships
  for each row execute function private.tell_access();
create trigger tell_access after update on public.tenants
  for each row when (old.deleted_at is distinct from new.deleted_at)
  execute function private.tell_access();
create trigger tell_access after update on public.api_keys
  for each row when (old.revoked_at is distinct from new.revoked_at)
  execute function private.tell_access();

-- Orders and files ---------------------------------------------------------------------------------------

create function private.tell_order()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.tell(new.tenant_id, jsonb_build_object('kind', 'order', 'id', new.id));
  return null;
end
$$;
comment on function private.tell_order is 'AFTER UPDATE: an order changed its status, or went to or came from the trash.';
create trigger tell_order after update on public.orders
  for each row
  when (old.status is distinct from new.status or old.deleted_at is distinct from new.deleted_at)
  execute function private.tell_order();

create function private.tell_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  file constant public.attachments := case when tg_op = 'DELETE' then old else new end;
begin
  if file.status = 'ready' then
    perform private.tell(file.tenant_id, jsonb_build_object(
      'kind', 'files', 'entity_type', file.entity_type, 'entity_id', file.entity_id));
  end if;
  return null;
end
$$;
comment on function private.tell_files is 'AFTER every change: the files that a record shows are others now.';
create trigger tell_files after insert or update or delete on public.attachments
  for each row execute function private.tell_files();
