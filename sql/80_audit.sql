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
grant execute on function private.first_uuid_v7 to authenticated;

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
  'door: portal, api, rest, auth, task or sql. of: the record that this one is a part of, <type>:<id>. currency: what amounts among the changes are in.';
comment on column audit.entries.salt is
  'Random: what the chain holds of personal values is their digest with it. Gone once they are erased.';
comment on column audit.entries.erased is
  'The digests of what was erased; of all values metadata.of is left, the record they were erased with.';
comment on column audit.entries.position is 'Place in the tenant''s chain, from 1; null until it is sealed.';
comment on column audit.entries.hash is 'SHA-256 of the predecessor''s hash, the position and the canonical entry.';

create index entries_entity_idx on audit.entries (tenant_id, entity_id, id desc);
create index entries_kind_idx on audit.entries (tenant_id, entity_type, id desc);
create index entries_part_idx on audit.entries (tenant_id, (metadata ->> 'of'), id desc)
  where metadata ? 'of';
create index entries_actor_idx on audit.entries (tenant_id, actor_id, id desc);
-- What is rare and looked for; creations and updates are found soon without.
create index entries_action_idx on audit.entries (tenant_id, action, id desc)
  where action not in ('create', 'update');
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
  headers constant json := nullif(current_setting('request.headers', true), '')::json;
  -- Our own gateway sets it; what a client says there does not get this far.
  address constant text := btrim(split_part(coalesce(headers ->> 'x-forwarded-for', ''), ',', 1));
begin
  if session_user not in ('authenticator', 'kontor_functions', 'kontor_worker') then
    -- A person with SQL: what they set about a request is their word only.
    return row(
      case when exists (select from private.analysts a where a.role_name = session_user)
        then 'analyst' else 'system' end,
      session_user, 'sql', inet_client_addr(), left(current_setting('application_name'), 500),
      null)::audit.origin;
  end if;
  return row(
    case
      when claims ->> 'api_key_id' is not null then 'api_key'
      when claims ->> 'sub' is not null then 'user'
      else 'system'
    end,
    coalesce(claims ->> 'api_key_id', claims ->> 'sub', session_user),
    case
      when session_user = 'authenticator' then 'rest'
      when session_user = 'kontor_worker' then 'task'
      when headers ->> 'x-forwarded-prefix' = '/api' then 'portal'
      -- The gateway tells the functions of what PostgREST refused.
      when headers ->> 'x-forwarded-prefix' = '/rest/v1' then 'rest'
      else 'api'
    end,
    private.as_address(address),
    left(headers ->> 'user-agent', 500),
    left(headers ->> 'x-request-id', 200))::audit.origin;
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

create function private.record_download(tenant uuid, entity_type text, entity_id text, metadata jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  origin constant audit.origin := private.audit_origin();
begin
  -- Whoever asks for the same file again at once (a page that is loaded anew) downloads it once.
  if not exists (
    select from audit.entries e
    where e.tenant_id = tenant and e.entity_type = record_download.entity_type
      and e.entity_id = record_download.entity_id
      and e.id > private.first_uuid_v7(now() - interval '1 minute')
      and e.action = 'download' and e.actor_id = origin.actor_id
      and e.metadata @> record_download.metadata)
  then
    perform private.record_audit(
      tenant, 'download', entity_type, entity_id, metadata => record_download.metadata);
  end if;
end
$$;
comment on function private.record_download is
  'Writes that the caller was given a file or the address of one; of is the record it belongs to.';
grant execute on function private.record_download to kontor_functions;

create function private.record_refusal(entity_type text, entity_id text, metadata jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.current_tenant('viewer', 'tenant');
begin
  -- Strangers leave nothing in a log that is not theirs.
  if tenant is not null then
    perform private.record_audit(
      tenant, 'refused', entity_type, entity_id, metadata => record_refusal.metadata);
  end if;
end
$$;
comment on function private.record_refusal is
  'Writes that a member was refused a write, after it was rolled back: {method, path, code, reason}.';
grant execute on function private.record_refusal to kontor_functions;
