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
  'door: portal, api, rest, auth, task or sql. of: the record that this one is a part of, <type>:<id>.';
comment on column audit.entries.salt is
  'Random: what the chain holds of personal values is their digest with it. Gone once they are erased.';
comment on column audit.entries.erased is
  'The digests of what was erased; of all values metadata.of is left, the record they were erased with.';
comment on column audit.entries.position is 'Place in the tenant''s chain, from 1; null until it is sealed.';
comment on column audit.entries.hash is 'SHA-256 of the predecessor''s hash, the position and the canonical entry.';

create index entries_entity_idx on audit.entries (tenant_id, entity_type, entity_id, id desc);
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

-- Signing in and out --------------------------------------------------------------------------------------
-- The auth server makes and ends sessions; triggers on its table see all of them, whoever asked. The
-- functions, which know more about who asked, say so beforehand.

create table private.session_origins (
  id uuid primary key,
  person uuid,
  origin audit.origin not null,
  is_counted boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table private.session_origins is
  'Who is about to sign in or out through the functions, for as long as the auth server takes.';
comment on column private.session_origins.id is
  'Of a sign-in: what the functions add to the user agent, which the session then carries. Of a sign-out: the session.';
comment on column private.session_origins.is_counted is
  'The auth server reported one refused password of this person: the functions record it, who know from where.';
alter table private.session_origins enable row level security;
alter table private.session_origins force row level security;

create function private.announce_session(id uuid, email text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.session_origins s where s.created_at < now() - interval '10 minutes';
  insert into private.session_origins (id, person, origin)
  values (
    announce_session.id,
    (select p.id from public.people p where p.email = lower(btrim(announce_session.email))),
    private.audit_origin());
end
$$;
comment on function private.announce_session is 'Before the functions ask the auth server to make or end a session.';

create function private.record_session(person uuid, action text, origin audit.origin, metadata jsonb default '{}')
returns void
language sql
security definer
set search_path = ''
as $$
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, ip, user_agent, request_id, metadata)
  select m.tenant_id, 'user', person::text, action, 'session', person::text, (origin).ip,
    left((origin).user_agent, 500), (origin).request_id,
    jsonb_strip_nulls(metadata) || jsonb_build_object('door', (origin).door)
  from public.memberships m where m.user_id = person
$$;
comment on function private.record_session is
  'Writes sign_in, sign_in_failed or sign_out of a person into the log of each tenant they belong to.';

create function private.end_announcement(id uuid, refused text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  announced private.session_origins;
begin
  delete from private.session_origins s where s.id = end_announcement.id returning s.* into announced;
  if refused is not null and announced.person is not null then
    perform private.record_session(
      announced.person, 'sign_in_failed', announced.origin, jsonb_build_object('reason', refused));
  end if;
end
$$;
comment on function private.end_announcement is
  'When the auth server has answered: a sign-in it refused, and why, is recorded of people whom we know.';
grant execute on function private.announce_session, private.end_announcement to kontor_functions;

create function private.audit_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  mark text;
  found private.session_origins;
begin
  if tg_op = 'DELETE' then
    delete from private.session_origins s where s.id = old.id returning s.* into found;
    perform private.record_session(old.user_id, 'sign_out',
      coalesce(found.origin, row(null, null, 'auth', null, null, null)::audit.origin));
  elsif tg_op = 'INSERT' or old.ip is null then
    mark := substring(new.user_agent from ' kontor/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
    delete from private.session_origins s where s.id = mark::uuid returning s.* into found;
    perform private.record_session(new.user_id, 'sign_in',
      coalesce(found.origin, row(null, null, 'auth', new.ip, new.user_agent, null)::audit.origin));
  end if;
  return null;
end
$$;
comment on function private.audit_session is
  'AFTER a session is made (and says from where) or ended, by whatever way: sign_in or sign_out.';
create trigger audit_begin after insert on auth.sessions
  for each row when (new.ip is not null) execute function private.audit_session();
create trigger audit_origin after update of ip on auth.sessions
  for each row when (old.ip is null and new.ip is not null) execute function private.audit_session();
create trigger audit_end after delete on auth.sessions
  for each row execute function private.audit_session();

create function private.password_verification_attempt(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  who constant uuid := event ->> 'user_id';
begin
  if not coalesce((event ->> 'valid')::boolean, true) then
    update private.session_origins s set is_counted = true
    where s.id = (
      select o.id from private.session_origins o
      where o.person = who and not o.is_counted and o.created_at > now() - interval '1 minute'
      order by o.created_at limit 1 for update skip locked);
    if not found then
      perform private.record_session(who, 'sign_in_failed',
        row(null, null, 'auth', (event ->> 'ip')::inet, event ->> 'user_agent', null)::audit.origin,
        jsonb_build_object('reason', 'invalid_credentials'));
    end if;
  end if;
  return jsonb_build_object('decision', 'continue');
end
$$;
comment on function private.password_verification_attempt is
  'The auth server''s hook of that name: {user_id, valid}. One refused password, one entry: here, unless the functions announced it and record it themselves. GoTrue does not say from where; our embedded one does.';
grant usage on schema private to supabase_auth_admin;
grant execute on function private.password_verification_attempt to supabase_auth_admin;

-- Changes of rows -----------------------------------------------------------------------------------------

create function private.field_changes(before jsonb, after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(key, jsonb_build_array(before -> key, after -> key)), '{}')
    from jsonb_object_keys((before || after) - array[
      'tenant_id', 'id', 'version', 'created_at', 'updated_at', 'created_by', 'object_key']) as key
    where before -> key is distinct from after -> key
      -- Never a secret, neither hashed nor encrypted; when it was changed is none.
      and (key like '%\_at'
        or key not like all (array['%secret%', '%token%', '%hash%', '%password%', '%crypt%', '%cipher%'])));
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
begin
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent,
    request_id, metadata)
  select i.tenant_id, origin.actor_kind, origin.actor_id, 'create', 'order_item', i.id::text,
    private.field_changes('{}', jsonb_strip_nulls(to_jsonb(i))), origin.ip, origin.user_agent,
    origin.request_id, jsonb_build_object('door', origin.door, 'of', 'order:' || i.order_id)
  from added i order by i.order_id, i.position;
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

-- What scripts/audit/canonical.ts computes as well, for whoever does not trust this database.

create function private.audit_digest(salt bytea, part text, value text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return encode(sha256(salt || convert_to(part || ':' || coalesce(value, ''), 'UTF8')), 'hex');
end
$$;

create function private.audit_digests(e audit.entries)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'changes', private.audit_digest(e.salt, 'changes', e.changes::text),
    'ip', private.audit_digest(e.salt, 'ip', host(e.ip)),
    'metadata', private.audit_digest(e.salt, 'metadata', e.metadata::text),
    'user_agent', private.audit_digest(e.salt, 'user_agent', e.user_agent));
end
$$;
comment on function private.audit_digests is 'What the chain holds in place of personal values: salted SHA-256 digests of them.';

create function private.audit_canonical(e audit.entries)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return json_build_array(
    e.position, e.tenant_id, e.id, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor_kind, e.actor_id, e.action, e.entity_type, e.entity_id, e.request_id,
    coalesce(e.erased, private.audit_digests(e)))::text;
end
$$;
comment on function private.audit_canonical is 'An entry as text, the same for the same entry: what is hashed.';

create function private.keep_chain(chain audit.chains)
returns void
language sql
set search_path = ''
as $$
  update audit.chains c set position = chain.position, hash = chain.hash, sealed_at = clock_timestamp()
  where c.tenant_id = chain.tenant_id
$$;

create function private.seal_audit(up_to int default 5000)
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
    update audit.entries e set position = chain.position, hash = chain.hash
    where e.tenant_id = entry.tenant_id and e.id = entry.id;
    sealed := sealed + 1;
  end loop;
  perform private.keep_chain(chain);
  return sealed;
end
$$;
comment on function private.seal_audit is
  'Adds committed entries to their tenants'' chains, each tenant''s in the order of their ids; answers how many. Writers never wait for it. Called every minute: for so long whoever owns the machine could change an entry unseen.';
grant execute on function private.seal_audit to kontor_worker;

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
  empty text;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit seal', 0));
  for chain in select * from audit.chains order by tenant_id for update loop
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
      -- The chain itself says where it begins now.
      perform private.record_audit(chain.tenant_id, 'delete', 'audit_log', chain.tenant_id::text,
        metadata => jsonb_build_object('entries', part, 'first_position', first));
    end if;
  end loop;

  for empty in
    select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'audit.entries'::regclass
      and c.relname ~ '^entries_\d{4}_\d{2}$'
      and to_date(right(c.relname, 7), 'YYYY_MM') < now() - interval '2 months'
  loop
    execute format('select count(*) from (select from audit.%I limit 1) as one', empty) into part;
    if part = 0 then
      execute format('drop table audit.%I', empty);
    end if;
  end loop;
  return pruned;
end
$$;
comment on function private.prune_audit is
  'Deletes entries older than their tenant keeps them, and months that hold none any more; answers how many entries.';
grant execute on function private.prune_audit to kontor_worker;

create function public.audit_retention()
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('admin');
begin
  perform private.refuse_api_key();
  return (
    select json_build_object(
      'days', coalesce(max(c.retention_days), 1095), 'sealed', coalesce(max(c.position), 0),
      'sealed_at', max(c.sealed_at))
    from audit.chains c where c.tenant_id = tenant);
end
$$;
comment on function public.audit_retention is
  'For how many days the active tenant keeps its log, and how much of it is sealed: {days, sealed, sealed_at}. Admins.';
grant execute on function public.audit_retention to authenticated;

create function public.set_audit_retention(days int)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('owner');
  before int;
begin
  perform private.refuse_api_key();
  if coalesce(days, 0) not between 30 and 36500 then
    perform private.refuse(422, 'validation_failed', 'A log is kept for 30 to 36500 days.', 'days');
  end if;
  insert into audit.chains (tenant_id) values (tenant) on conflict do nothing;
  select c.retention_days into before from audit.chains c where c.tenant_id = tenant for update;
  if before <> days then
    update audit.chains c set retention_days = days where c.tenant_id = tenant;
    perform private.record_audit(tenant, 'update', 'audit_log', tenant::text,
      jsonb_build_object('retention_days', jsonb_build_array(before, days)));
  end if;
  return public.audit_retention();
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
  tenant constant uuid := private.require_role('owner');
  record constant text := erase_audit.entity_type || ':' || erase_audit.entity_id;
  erased int;
begin
  perform private.refuse_api_key();
  if erase_audit.entity_type in ('audit_values', 'audit_log') then
    perform private.refuse(422, 'validation_failed', 'What happened to the log itself stays.', 'entity_type');
  end if;
  update audit.entries e
  set erased = private.audit_digests(e), salt = null, changes = '{}', ip = null, user_agent = null,
    metadata = jsonb_build_object('of', record)
  where e.tenant_id = tenant and e.erased is null and e.entity_type not in ('audit_values', 'audit_log')
    and (e.entity_type = erase_audit.entity_type and e.entity_id = erase_audit.entity_id
      or e.metadata ? 'of' and e.metadata ->> 'of' = record);
  get diagnostics erased = row_count;
  perform private.record_audit(tenant, 'delete', 'audit_values', erase_audit.entity_id,
    metadata => jsonb_build_object('of', record, 'entries', erased));
  return erased;
end
$$;
comment on function public.erase_audit is
  'Erases for good the values in the entries of a record and its parts, leaving that something happened; the chain holds. Answers how many entries. Owners.';
grant execute on function public.erase_audit to authenticated;

-- The log as its admins see it --------------------------------------------------------------------------

create function private.person_email(id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select p.email from public.people p where p.id = person_email.id);
end
$$;
comment on function private.person_email is 'The address of whom a log names, who may have left the tenant since.';
grant execute on function private.person_email to authenticated;

create view private.audit_documents with (security_invoker) as
select
  e.tenant_id, e.id, e.at, e.entity_type, e.entity_id, e.actor_id, e.action,
  e.id as moment, null::timestamptz as deleted_at,
  json_build_object(
    'id', e.id, 'at', e.at,
    'actor', json_build_object('kind', e.actor_kind, 'id', e.actor_id,
      'email', case when e.actor_kind = 'user' then private.person_email(e.actor_id::uuid) end),
    'action', e.action, 'entity_type', e.entity_type, 'entity_id', e.entity_id, 'changes', e.changes,
    'ip', host(e.ip), 'user_agent', e.user_agent, 'request_id', e.request_id, 'metadata', e.metadata) as document
from audit.entries e;
comment on view private.audit_documents is 'An entry as every answer shows it.';
comment on column private.audit_documents.moment is 'The id, by which the log is sorted: ordered by time, and unlike times all different.';
grant select on private.audit_documents to authenticated;

-- A record's history, as its readers may see it ---------------------------------------------------------

create function private.timeline_kind(e audit.entries)
returns text
language sql
immutable
set search_path = ''
as $$
  select case e.entity_type
    when 'order_item' then case e.action
      when 'create' then 'item_added' when 'delete' then 'item_removed' else 'item_changed' end
    when 'attachment' then case
      when e.action = 'update' and e.changes #>> '{status,1}' = 'ready' then 'file_added'
      when e.action = 'delete' and e.changes #>> '{status,0}' = 'ready' then 'file_removed' end
    when 'email' then case e.changes #>> '{status,1}' when 'sent' then 'mailed' when 'failed' then 'mail_failed' end
    when 'document' then 'document_made'
    when 'audit_values' then 'erased'
    else case e.action
      when 'create' then 'created' when 'delete' then 'deleted' when 'restore' then 'restored'
      when 'update' then case when e.changes ? 'status' then 'status_changed' else 'updated' end end
  end
$$;
comment on function private.timeline_kind is 'What an entry is in a record''s history; null when it is nothing that its readers care for.';

create function public.record_timeline(entity_type text, entity_id uuid)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  about constant text := record_timeline.entity_type;
  tenant uuid;
begin
  if coalesce(about, '') not in ('order', 'customer', 'product') then
    perform private.refuse(422, 'validation_failed', 'order, customer or product.', 'entity_type');
  end if;
  tenant := private.require_role('viewer', about || 's');
  if not exists (
    select from public.orders r
    where about = 'order' and r.tenant_id = tenant and r.id = record_timeline.entity_id
    union all
    select from public.customers r
    where about = 'customer' and r.tenant_id = tenant and r.id = record_timeline.entity_id
    union all
    select from public.products r
    where about = 'product' and r.tenant_id = tenant and r.id = record_timeline.entity_id)
  then
    perform private.refuse(404, 'not_found', format('There is no such %s.', about));
  end if;
  return (
    with own as (
      (select * from audit.entries e
        where e.tenant_id = tenant and e.entity_type = about and e.entity_id = record_timeline.entity_id::text
        order by e.id desc limit 1000)
      union all
      (select * from audit.entries e
        where e.tenant_id = tenant and e.metadata ? 'of'
          and e.metadata ->> 'of' = about || ':' || record_timeline.entity_id
          and (e.entity_type, e.entity_id) <> (about, record_timeline.entity_id::text)
        order by e.id desc limit 1000)
    ), told as (
      select e.at, e.entity_type, e.actor_kind, e.actor_id, e.metadata, e.changes, e.id, e.entity_id,
        private.timeline_kind(e::audit.entries) as kind,
        min(e.at) filter (where e.entity_type = about and e.action = 'create') over () as created_at,
        bool_or(e.entity_type = 'order_item') over (partition by e.at) as with_items
      from own e
    ), events as (
      -- What one transaction did to many items is one event.
      select t.at, t.kind, t.actor_kind, t.actor_id, t.entity_type, count(*) as entries,
        (max(t.id::text))::uuid as id, (array_agg(t.changes order by t.id desc))[1] as changes,
        (array_agg(t.metadata order by t.id desc))[1] as metadata, max(t.entity_id) as entity_id
      from told t
      where t.kind is not null
        -- Items arrive right behind their new order: to its readers that is one event.
        and (t.at is distinct from t.created_at or t.kind = 'created')
        -- What follows from them goes without saying.
        and not (t.kind = 'updated' and t.with_items
          and t.changes - array['subtotal', 'discount_total', 'tax_total', 'total'] = '{}')
      group by t.at, t.kind, t.actor_kind, t.actor_id, t.entity_type,
        case when t.entity_type = 'order_item' then null else t.id end
    )
    select coalesce(json_agg(json_build_object(
      'at', v.at, 'kind', v.kind,
      'actor', json_build_object('kind', v.actor_kind, 'id', v.actor_id, 'email', p.email, 'name', p.name),
      'summary', case v.kind
        when 'created' then case v.entity_type when 'order' then 'Order placed' else 'Created' end
        when 'deleted' then 'Moved to the trash'
        when 'restored' then 'Restored from the trash'
        when 'status_changed' then format('Status changed from %s to %s', v.changes #>> '{status,0}', v.changes #>> '{status,1}')
        when 'item_added' then case v.entries when 1 then format('Added %s × %s', v.changes #>> '{quantity,1}', v.changes #>> '{name,1}')
          else format('Added %s items', v.entries) end
        when 'item_removed' then case v.entries when 1 then format('Removed %s × %s', v.changes #>> '{quantity,0}', v.changes #>> '{name,0}')
          else format('Removed %s items', v.entries) end
        when 'item_changed' then case v.entries when 1 then format('Changed %s', coalesce(
            (select i.name from public.order_items i where i.tenant_id = tenant and i.id = v.entity_id::uuid), 'an item'))
          else format('Changed %s items', v.entries) end
        when 'file_added' then coalesce('File added: ' || (
          select a.file_name from public.attachments a where a.tenant_id = tenant and a.id = v.entity_id::uuid), 'File added')
        when 'file_removed' then coalesce('File removed: ' || (v.changes #>> '{file_name,0}'), 'File removed')
        when 'mailed' then coalesce('Mailed to ' || (
          select m.recipient from public.emails m where m.tenant_id = tenant and m.id = v.entity_id::uuid), 'Mailed')
        when 'mail_failed' then 'A mail could not be sent'
        when 'document_made' then format('Printed: %s', replace(coalesce(v.metadata ->> 'document', 'document'), '_', ' '))
        when 'erased' then 'Values in this history were erased'
        else case
          when v.changes = '{}' then 'Changed'
          else 'Changed ' || (select string_agg(replace(key, '_', ' '), ', ' order by key) from jsonb_object_keys(v.changes) as key)
        end
      end,
      'changes', case when v.entries = 1 and v.kind in ('updated', 'status_changed', 'item_changed')
        then nullif(v.changes, '{}') end) order by v.id desc), '[]')
    from events v
    left join public.people p on p.id = case when v.actor_kind = 'user' then v.actor_id::uuid end);
end
$$;
comment on function public.record_timeline is
  'What happened to an order, a customer or a product, with its items, files, mails and documents, newest first: {at, kind, actor, summary, changes}.';
grant execute on function public.record_timeline to authenticated;
