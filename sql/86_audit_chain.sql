-- Audit: the chain. How entries are sealed, how long they are kept, and how values are erased from them
-- without breaking it.

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

create function private.audit_digests(e audit.entries)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'changes', encode(sha256(e.salt || convert_to('changes:' || e.changes::text, 'UTF8')), 'hex'),
    'ip', encode(sha256(e.salt || convert_to('ip:' || coalesce(host(e.ip), ''), 'UTF8')), 'hex'),
    'metadata', encode(sha256(e.salt || convert_to('metadata:' || e.metadata::text, 'UTF8')), 'hex'),
    'user_agent', encode(sha256(e.salt || convert_to('user_agent:' || coalesce(e.user_agent, ''), 'UTF8')), 'hex'));
end
$$;
comment on function private.audit_digests is 'What the chain holds in place of personal values: salted SHA-256 digests of them.';

create function private.audit_canonical(e audit.entries, place bigint)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return json_build_array(
    place, e.tenant_id, e.id, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor_kind, e.actor_id, e.action, e.entity_type, e.entity_id, e.request_id,
    coalesce(e.erased, private.audit_digests(e)))::text;
end
$$;
comment on function private.audit_canonical is
  'An entry as text in its place of the chain, the same for the same entry: what is hashed.';

create function private.seal_audit(up_to int default 5000)
returns int
language plpgsql
security definer
set search_path = ''
-- Planned without looking at how many there are this time: by the primary key, whatever the table holds.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  waiting record;
  chain audit.chains;
  ids uuid[];
  texts text[];
  hashes bytea[];
  sealed int := 0;
begin
  -- One after the other: a chain has one end.
  if not pg_try_advisory_xact_lock(hashtextextended('audit seal', 0)) then
    return 0;
  end if;
  for waiting in
    select e.tenant_id, count(*) as entries
    from (select n.tenant_id from audit.entries n where n.hash is null order by n.tenant_id, n.id limit up_to) as e
    group by e.tenant_id order by e.tenant_id
  loop
    insert into audit.chains (tenant_id) values (waiting.tenant_id) on conflict do nothing;
    select c.* into chain from audit.chains c where c.tenant_id = waiting.tenant_id for update;
    select array_agg(n.id order by n.id), array_agg(n.text order by n.id) into ids, texts
    from (
      select e.id, private.audit_canonical(e, chain.position + row_number() over (order by e.id)) as text
      from audit.entries e
      where e.tenant_id = waiting.tenant_id and e.hash is null
      order by e.id limit waiting.entries) as n;
    hashes := '{}';
    for place in 1 .. coalesce(cardinality(ids), 0) loop
      chain.hash := sha256(chain.hash || convert_to(texts[place], 'UTF8'));
      hashes[place] := chain.hash;
    end loop;
    update audit.entries e set position = chain.position + n.place, hash = n.hash
    from unnest(ids, hashes) with ordinality as n (id, hash, place)
    where e.tenant_id = waiting.tenant_id and e.id = n.id;
    update audit.chains c
    set position = chain.position + coalesce(cardinality(ids), 0), hash = chain.hash, sealed_at = clock_timestamp()
    where c.tenant_id = waiting.tenant_id;
    sealed := sealed + coalesce(cardinality(ids), 0);
  end loop;
  return sealed;
end
$$;
comment on function private.seal_audit is
  'Adds committed entries to their tenants'' chains, each tenant''s in the order of their ids; answers how many. Writers never wait for it. Called every minute: for so long whoever owns the machine could change an entry unseen.';
grant execute on function private.seal_audit to kontor_worker;

-- How long it is kept --------------------------------------------------------------------------------------

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

-- Erasing values -------------------------------------------------------------------------------------------

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
