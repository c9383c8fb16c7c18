-- Audit: every change of a tenant's records leaves an entry, in the transaction of the change. Entries
-- are never changed again; soon after, a task seals them into their tenant's chain of hashes, so that a
-- later change by whoever owns the machine shows.

-- Months --------------------------------------------------------------------------------------------------

create function private.first_uuid_v7(at timestamptz)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select encode(substring(int8send((extract(epoch from at) * 1000)::bigint) from 3)
    || '\x70008000000000000000'::bytea, 'hex')::uuid
$$;
comment on function private.first_uuid_v7 is 'The lowest version 7 UUID of a millisecond: ids compare with it as their times do.';

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
  salt bytea default uuid_send(gen_random_uuid()),
  erased jsonb,
  position bigint,
  hash bytea,
  primary key (tenant_id, id),
  check ((position is null) = (hash is null))
) partition by range (id);
comment on table audit.entries is 'Who changed what, from where. Only triggers and private.record_audit write here.';
comment on column audit.entries.id is 'Ordered by time, so that a month is a range of ids.';
comment on column audit.entries.actor_id is 'The person''s or key''s id; an analyst''s or the system''s database role.';
comment on column audit.entries.changes is '{field: [old, new]}.';
comment on column audit.entries.metadata is
  'door: portal, api, rest, task or sql. of: the record that this one is a part of, <type>:<id>.';
comment on column audit.entries.salt is
  'Random: what the chain holds of personal values is their digest with it. Gone once they are erased.';
comment on column audit.entries.erased is 'The digests of what was erased.';
comment on column audit.entries.position is 'Place in the tenant''s chain, from 1; null until it is sealed.';
comment on column audit.entries.hash is 'SHA-256 of the predecessor''s hash, the position and the canonical entry.';

create index entries_entity_idx on audit.entries (tenant_id, entity_type, entity_id, id desc);
create index entries_part_idx on audit.entries (tenant_id, (metadata ->> 'of'), id desc)
  where metadata ? 'of';
create index entries_unsealed_idx on audit.entries (tenant_id, id) where hash is null;
create index entries_position_idx on audit.entries (tenant_id, position) where position is not null;

alter table audit.entries enable row level security;
alter table audit.entries force row level security;
-- Not exposed by PostgREST; the functions list them through this policy.
grant usage on schema audit to authenticated;
grant select (tenant_id, id, at, actor_kind, actor_id, action, entity_type, entity_id, changes, ip,
  user_agent, request_id, metadata) on audit.entries to authenticated;
create policy "admins read their tenant's log"
  on audit.entries for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

-- Where entries of a month nobody made a partition for wait: a write never fails for want of one.
create table audit.entries_other partition of audit.entries default;
alter table audit.entries_other enable row level security;
alter table audit.entries_other force row level security;

create function private.make_audit_partition(month date)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  name constant text := 'entries_' || to_char(month, 'YYYY_MM');
  lowest constant uuid := private.first_uuid_v7(date_trunc('month', month) at time zone 'UTC');
  above constant uuid :=
    private.first_uuid_v7((date_trunc('month', month) + interval '1 month') at time zone 'UTC');
begin
  perform pg_advisory_xact_lock(hashtextextended('audit partitions', 0));
  if to_regclass('audit.' || name) is not null then
    return;
  end if;
  execute format('create table audit.%I (like audit.entries including defaults including constraints)', name);
  execute format('alter table audit.%I enable row level security', name);
  execute format('alter table audit.%I force row level security', name);
  lock table audit.entries_other in access exclusive mode;
  execute format(
    'with moved as (delete from audit.entries_other where id >= %L and id < %L returning *)
     insert into audit.%I select * from moved', lowest, above, name);
  execute format(
    'alter table audit.entries attach partition audit.%I for values from (%L) to (%L)', name, lowest, above);
end
$$;
comment on function private.make_audit_partition is 'Makes a month''s partition of audit.entries, and moves what waited for it.';

create function private.make_audit_partitions()
returns void
language sql
security definer
set search_path = ''
as $$
  select private.make_audit_partition((date_trunc('month', now()) + n * interval '1 month')::date)
  from generate_series(0, 3) as n
$$;
comment on function private.make_audit_partitions is 'Partitions of this month and the next three; again and again, it makes what is missing.';
grant execute on function private.make_audit_partitions to kontor_worker;
select private.make_audit_partitions();

-- Who, from where, through which door ---------------------------------------------------------------------

create function private.client_address()
returns inet
language sql
stable
set search_path = ''
as $$
  select private.as_address(
    btrim(split_part(coalesce(private.request_header('x-forwarded-for'), ''), ',', 1)))
$$;
comment on function private.client_address is 'The client''s address as our own gateway reported it.';

create type audit.origin as (
  actor_kind text, actor_id text, door text, ip inet, user_agent text, request_id text);

create function private.audit_origin()
returns audit.origin
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  claims constant json := nullif(current_setting('request.jwt.claims', true), '')::json;
  origin audit.origin;
begin
  if session_user not in ('authenticator', 'kontor_functions', 'kontor_worker') then
    -- A person with SQL: what they set about a request is their word only.
    return row(
      case when exists (select from private.analysts a where a.role_name = session_user)
        then 'analyst' else 'system' end,
      session_user, 'sql', inet_client_addr(), left(current_setting('application_name'), 500),
      null)::audit.origin;
  end if;
  origin.door := case session_user
    when 'authenticator' then 'rest'
    when 'kontor_worker' then 'task'
    else case when private.request_header('x-forwarded-prefix') = '/api' then 'portal' else 'api' end
  end;
  origin.actor_kind := case
    when claims ->> 'api_key_id' is not null then 'api_key'
    when claims ->> 'sub' is not null then 'user'
    else 'system'
  end;
  origin.actor_id := coalesce(claims ->> 'api_key_id', claims ->> 'sub', session_user);
  origin.ip := private.client_address();
  origin.user_agent := left(private.request_header('user-agent'), 500);
  origin.request_id := left(private.request_header('x-request-id'), 200);
  return origin;
end
$$;
comment on function private.audit_origin is
  'Who writes, through which door and from where. The doors'' own logins tell by settings; everybody else is who logged in.';

create function private.record_audit(
  tenant uuid, action text, entity_type text, entity_id text,
  changes jsonb default '{}', metadata jsonb default '{}')
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  origin constant audit.origin := private.audit_origin();
begin
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent,
    request_id, metadata)
  values (
    tenant, origin.actor_kind, origin.actor_id, action, entity_type, entity_id, changes, origin.ip,
    origin.user_agent, origin.request_id,
    jsonb_strip_nulls(metadata) || jsonb_build_object('door', origin.door));
end
$$;
comment on function private.record_audit is
  'Writes an entry about what is not a change of a row: a sign-in, a download, a refusal. For our own logins alone.';
grant execute on function private.record_audit to kontor_functions, kontor_worker;

create function private.record_session(
  person uuid, action text, metadata jsonb default '{}')
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  origin constant audit.origin := private.audit_origin();
begin
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, ip, user_agent, request_id, metadata)
  select m.tenant_id, 'user', person::text, action, 'session', person::text, origin.ip,
    origin.user_agent, origin.request_id,
    jsonb_strip_nulls(metadata) || jsonb_build_object('door', origin.door)
  from public.memberships m where m.user_id = person;
end
$$;
comment on function private.record_session is
  'Writes sign_in, sign_in_failed or sign_out of a person into the log of each tenant they belong to.';
grant execute on function private.record_session to kontor_functions;

-- Changes of rows -----------------------------------------------------------------------------------------

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
      'object_key', 'secret')
    and key not like '%\_hash' and key not like '%\_secret'
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
  changes constant jsonb := private.field_changes(before, after);
begin
  if changes <> '{}' then
    perform private.record_audit(
      (present ->> tg_argv[1])::uuid,
      case
        when tg_argv[0] = 'export' and tg_op = 'INSERT' then 'export'
        when tg_argv[0] = 'api_key' and tg_op = 'INSERT' then 'key_created'
        when changes ? 'revoked_at' then 'key_revoked'
        when tg_op = 'INSERT' then 'create'
        when tg_op = 'DELETE' or (changes ? 'deleted_at' and present ->> 'deleted_at' is not null) then 'delete'
        when changes ? 'deleted_at' then 'restore'
        when changes ? 'role' then 'role_change'
        else 'update'
      end,
      tg_argv[0], present ->> tg_argv[2], changes,
      case when tg_nargs > 4
        then jsonb_build_object('of', coalesce(present ->> tg_argv[3], tg_argv[3]) || ':' || (present ->> tg_argv[4]))
        else '{}' end);
  end if;
  return null;
end
$$;
comment on function private.audit_change is
  'AFTER a change of a row: one entry. Arguments: entity type, tenant''s column, id''s column; for a part of another record its type (or the column with it) and the column with its id.';

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
create trigger audit after insert or update or delete on public.order_items
  for each row execute function private.audit_change('order_item', 'tenant_id', 'id', 'order', 'order_id');
-- Not where its bytes are, nor whether it has a preview: those follow by themselves.
create trigger audit after insert or delete or update of status on public.attachments
  for each row execute function private.audit_change('attachment', 'tenant_id', 'id', 'entity_type', 'entity_id');
-- Not its progress, which changes every second.
create trigger audit after insert or delete or update of status on public.exports
  for each row execute function private.audit_change('export', 'tenant_id', 'id');
create trigger audit after insert or delete or update of status on public.emails
  for each row execute function private.audit_change('email', 'tenant_id', 'id');
-- Not how its deliveries fare. Its secrets are in a table of their own.
create trigger audit after insert or delete
  or update of url, events, description, active, disabled_reason, secret_rotated_at
  on public.webhooks for each row execute function private.audit_change('webhook', 'tenant_id', 'id');
-- Not its last use, which changes every minute.
create trigger audit after insert or delete or update of label, role, scopes, expires_at, revoked_at
  on public.api_keys for each row execute function private.audit_change('api_key', 'tenant_id', 'id');
create trigger audit after insert or update or delete on private.storage_quotas
  for each row execute function private.audit_change('storage_quota', 'tenant_id', 'tenant_id');

-- The chain -----------------------------------------------------------------------------------------------

create table audit.chains (
  tenant_id uuid primary key,
  position bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex'),
  sealed_at timestamptz,
  first_position bigint not null default 1,
  first_predecessor bytea not null default decode(repeat('00', 32), 'hex'),
  retention_days int not null default 1095
    constraint chains_retention_days_range check (retention_days between 30 and 36500)
);
comment on table audit.chains is 'Where each tenant''s chain ends, and where it begins now that old entries are gone.';
comment on column audit.chains.position is 'How many entries have ever been sealed.';
comment on column audit.chains.hash is 'The hash of the last of them.';
comment on column audit.chains.first_position is 'The oldest that is kept; those before were older than the tenant keeps them.';
comment on column audit.chains.first_predecessor is 'The hash before it.';
comment on column audit.chains.retention_days is 'How long the tenant keeps its log.';
alter table audit.chains enable row level security;
alter table audit.chains force row level security;

create function private.audit_digest(salt bytea, part text, value text)
returns text
language sql
immutable
set search_path = ''
as $$
  select encode(sha256(salt || convert_to(part || ':' || coalesce(value, ''), 'UTF8')), 'hex')
$$;

create function private.audit_digests(e audit.entries)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'changes', private.audit_digest(e.salt, 'changes', e.changes::text),
    'ip', private.audit_digest(e.salt, 'ip', host(e.ip)),
    'metadata', private.audit_digest(e.salt, 'metadata', e.metadata::text),
    'user_agent', private.audit_digest(e.salt, 'user_agent', e.user_agent))
$$;
comment on function private.audit_digests is 'What the chain holds in place of personal values: salted SHA-256 digests of them.';

create function private.audit_canonical(e audit.entries)
returns text
language sql
stable
set search_path = ''
as $$
  select json_build_array(
    e.position, e.tenant_id, e.id, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor_kind, e.actor_id, e.action, e.entity_type, e.entity_id, e.request_id,
    coalesce(e.erased, private.audit_digests(e)))::text
$$;
comment on function private.audit_canonical is 'An entry as text, the same for the same entry: what is hashed.';

create function private.seal_audit(up_to int default 20000)
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  entry audit.entries;
  chain audit.chains;
  sealed int := 0;
begin
  -- One after the other: a chain has one end.
  if not pg_try_advisory_xact_lock(hashtextextended('audit seal', 0)) then
    return 0;
  end if;
  for entry in
    select * from audit.entries where hash is null order by tenant_id, id limit up_to
  loop
    if chain.tenant_id is distinct from entry.tenant_id then
      perform private.keep_chain(chain);
      insert into audit.chains (tenant_id) values (entry.tenant_id) on conflict do nothing;
      select * into chain from audit.chains where tenant_id = entry.tenant_id for update;
    end if;
    chain.position := chain.position + 1;
    entry.position := chain.position;
    chain.hash := sha256(chain.hash || convert_to(private.audit_canonical(entry), 'UTF8'));
    update audit.entries e set position = entry.position, hash = chain.hash
    where e.tenant_id = entry.tenant_id and e.id = entry.id;
    sealed := sealed + 1;
  end loop;
  perform private.keep_chain(chain);
  return sealed;
end
$$;
comment on function private.seal_audit is
  'Adds the committed entries to their tenants'' chains, in the order of their ids; answers how many. Writers never wait for it.';
grant execute on function private.seal_audit to kontor_worker;

create function private.keep_chain(chain audit.chains)
returns void
language sql
set search_path = ''
as $$
  update audit.chains c set position = chain.position, hash = chain.hash, sealed_at = clock_timestamp()
  where c.tenant_id = chain.tenant_id
$$;

create function private.prune_audit()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  chain audit.chains;
  oldest uuid;
  first bigint;
  part int;
  pruned int := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit seal', 0));
  for chain in select * from audit.chains for update loop
    oldest := private.first_uuid_v7(now() - make_interval(days => chain.retention_days));
    -- A chain loses its beginning only: up to the first entry that is kept.
    select coalesce(min(e.position), chain.position + 1) into first
    from audit.entries e where e.tenant_id = chain.tenant_id and e.position is not null and e.id >= oldest;
    if first > chain.first_position then
      update audit.chains c set first_position = first, first_predecessor = e.hash
      from audit.entries e
      where c.tenant_id = chain.tenant_id and e.tenant_id = c.tenant_id and e.position = first - 1;
      delete from audit.entries e where e.tenant_id = chain.tenant_id and e.position < first;
      get diagnostics part = row_count;
      pruned := pruned + part;
    end if;
  end loop;
  return pruned;
end
$$;
comment on function private.prune_audit is 'Deletes entries older than their tenant keeps them; answers how many.';
grant execute on function private.prune_audit to kontor_worker;

create function public.set_audit_retention(days int)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('owner');
begin
  if coalesce(days, 0) not between 30 and 36500 then
    perform private.refuse(422, 'validation_failed', 'A log is kept for 30 to 36500 days.', 'days');
  end if;
  insert into audit.chains (tenant_id, retention_days) values (tenant, days)
  on conflict (tenant_id) do update set retention_days = excluded.retention_days;
  perform private.record_audit(tenant, 'update', 'audit_log', tenant::text,
    metadata => jsonb_build_object('retention_days', days));
end
$$;
comment on function public.set_audit_retention is 'For how many days the active tenant keeps its log. Owners.';
grant execute on function public.set_audit_retention to authenticated;

create function public.erase_audit(entity_type text, entity_id text)
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('owner');
  erased int;
begin
  update audit.entries e
  set erased = private.audit_digests(e), salt = null, changes = '{}', ip = null, user_agent = null,
    metadata = '{}'
  where e.tenant_id = tenant and e.entity_type = erase_audit.entity_type
    and e.entity_id = erase_audit.entity_id and e.erased is null;
  get diagnostics erased = row_count;
  perform private.record_audit(tenant, 'delete', 'audit_values', erase_audit.entity_id,
    metadata => jsonb_build_object('of', erase_audit.entity_type || ':' || erase_audit.entity_id, 'entries', erased));
  return erased;
end
$$;
comment on function public.erase_audit is
  'Erases the values in a record''s entries for good, leaving that something happened; the chain holds. Answers how many entries. Owners.';
grant execute on function public.erase_audit to authenticated;

create view private.audit_documents with (security_invoker) as
select
  e.tenant_id, e.id, e.at, e.entity_type, e.entity_id, e.actor_id, e.action,
  null::timestamptz as deleted_at,
  json_build_object(
    'id', e.id, 'at', e.at,
    'actor', json_build_object('kind', e.actor_kind, 'id', e.actor_id, 'email', p.email),
    'action', e.action, 'entity_type', e.entity_type, 'entity_id', e.entity_id, 'changes', e.changes,
    'ip', host(e.ip), 'user_agent', e.user_agent, 'request_id', e.request_id, 'metadata', e.metadata) as document
from audit.entries e
left join public.people p on p.id::text = e.actor_id and e.actor_kind = 'user';
comment on view private.audit_documents is 'An entry as every answer shows it.';
grant select on private.audit_documents to authenticated;

-- An order's history, as its readers may see it --------------------------------------------------------

create function public.order_timeline(order_id uuid)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('viewer', 'orders');
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
