-- The system as a whole: for those who operate this installation, across all tenants; and what
-- monitoring asks. Nobody becomes an operator but by SQL of the database's owner.

create table private.operators (
  user_id uuid primary key references public.people (id) on delete cascade,
  created_at timestamptz not null default now()
);
comment on table private.operators is
  'People who see how the whole installation is: insert into private.operators select id from public.people where email = ….';
alter table private.operators enable row level security;
alter table private.operators force row level security;

create function public.is_operator()
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select private.api_key_id() is null
    and exists (select from private.operators o where o.user_id = auth.uid())
$$;
comment on function public.is_operator is 'Whether the caller operates this installation. A machine never does.';
grant execute on function public.is_operator to authenticated;

-- The queue -----------------------------------------------------------------------------------------------

create function private.queue_state()
returns table (task text, waiting int, running int, scheduled int, failed int, oldest_seconds float)
language plpgsql
stable
security definer
set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
    select t.identifier,
      (count(*) filter (where j.locked_at is null and j.is_available and j.run_at <= now()))::int,
      (count(*) filter (where j.locked_at is not null))::int,
      (count(*) filter (where j.locked_at is null and j.is_available and j.run_at > now()))::int,
      (count(*) filter (where j.locked_at is null and not j.is_available))::int,
      -- What waits for another job of its own queue is not late.
      coalesce(extract(epoch from now() - min(j.run_at) filter (
        where j.locked_at is null and j.is_available and j.run_at <= now() and q.locked_at is null)), 0)::float
    from graphile_worker._private_jobs j
    join graphile_worker._private_tasks t on t.id = j.task_id
    left join graphile_worker._private_job_queues q on q.id = j.job_queue_id
    group by t.identifier;
end
$$;
comment on function private.queue_state is 'All tenants'' jobs by task: could run, run, wait for their time, given up; and how long the oldest has waited.';

-- Backups -------------------------------------------------------------------------------------------------

create function private.backups_late(proven_at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select proven_at is null or proven_at < now() - interval '36 hours'
$$;
comment on function private.backups_late is 'Whether a nightly backup has been missed.';

-- What monitoring asks --------------------------------------------------------------------------------------

create function private.health_facts()
returns table (queue_seconds float, backup_state text, backup_late boolean, backups_damaged int)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
    select (select coalesce(max(q.oldest_seconds), 0)::float from private.queue_state() q),
      b.state, private.backups_late(b.proven_at), coalesce(b.damaged, 0)
    from (select) as always left join private.backup_status() b on true;
end
$$;
comment on function private.health_facts is 'How long the oldest job has waited, and how the backups are; no state before the first.';
grant execute on function private.health_facts to kontor_functions;

-- What operators see ----------------------------------------------------------------------------------------

create function private.slow_queries()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  since timestamptz;
  found jsonb;
begin
  if to_regprocedure('extensions.pg_stat_statements(boolean)') is null
    or current_setting('shared_preload_libraries') not like '%pg_stat_statements%'
  then
    return '{"available": false, "since": null, "data": []}';
  end if;
  select i.stats_reset into since from extensions.pg_stat_statements_info i;
  select coalesce(jsonb_agg(to_jsonb(s) order by s.total_ms desc), '[]') into found from (
    select
      -- Postgres itself puts $1 for values, but not where it forgot a statement while it ran.
      left(regexp_replace(regexp_replace(s.query, '''([^'']|'''')*''', '''…''', 'g'),
        '\m\d{5,}\M', '0', 'g'), 2000) as query,
      r.rolname as role, s.calls, round(s.total_exec_time::numeric, 1) as total_ms,
      round(s.mean_exec_time::numeric, 2) as mean_ms, round(s.max_exec_time::numeric, 1) as max_ms, s.rows
    from extensions.pg_stat_statements(true) s
    join pg_catalog.pg_roles r on r.oid = s.userid
    where s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
      -- Of others nothing is replaced: a role's password would be here.
      and s.query ~* '^\s*(select|insert|update|delete|with|merge|copy)\M'
      -- What analysts ran is their tenant's to see, in its audit log.
      and not exists (select from private.analysts a where a.role_name = r.rolname)
    order by s.total_exec_time desc limit 25) as s;
  return jsonb_build_object('available', true, 'since', since, 'data', found);
end
$$;
comment on function private.slow_queries is 'The statements that took most time in all, without values.';

create function private.storage_state()
returns jsonb
language sql
stable
set search_path = ''
as $$
  with attachments as (
    select a.tenant_id, count(*) as files, sum(a.byte_size) as bytes
    from public.attachments a where a.status = 'ready' group by 1
  ), exports as (
    select e.tenant_id, count(*) as files, sum(e.byte_size) as bytes
    from public.exports e where e.object_key is not null group by 1
  ), tenants as (
    select t.id, t.slug, t.name, coalesce(a.bytes, 0) as attachments, coalesce(e.bytes, 0) as exports,
      coalesce(a.bytes, 0) + coalesce(e.bytes, 0) as total
    from public.tenants t
    left join attachments a on a.tenant_id = t.id
    left join exports e on e.tenant_id = t.id
    order by total desc, t.slug limit 50
  )
  select jsonb_build_object(
    'database', pg_database_size(current_database()),
    'attachments', (
      select jsonb_build_object('count', coalesce(sum(files), 0), 'bytes', coalesce(sum(bytes), 0)) from attachments),
    'exports', (
      select jsonb_build_object('count', coalesce(sum(files), 0), 'bytes', coalesce(sum(bytes), 0)) from exports),
    'backups', (
      select jsonb_build_object('count', count(*), 'bytes', coalesce(sum(b.bytes), 0))
      from private.backups b where b.state in ('proven', 'damaged')),
    'tenants', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.total desc, t.slug), '[]') from tenants t))
$$;
comment on function private.storage_state is 'What files, exports, backups and the database take, as the rows here say.';

create function private.backup_history()
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'ok', (
      select b.state = 'proven' and b.damaged = 0 and not private.backups_late(b.proven_at)
      from private.backup_status() b),
    'last_proven_at', (select max(b.started_at) from private.backups b where b.state = 'proven'),
    'damaged', (select count(*) from private.backups b where b.state = 'damaged'),
    'latest', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.started_at desc), '[]') from (
        select b.id, b.state, b.started_at, b.ended_at, b.bytes, b.reason
        from private.backups b order by b.started_at desc limit 14) as b))
$$;

create function private.latest_migration()
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select max(m.version) from supabase_migrations.schema_migrations m);
exception
  when undefined_table or invalid_schema_name then return null; -- built from sql/ itself
end
$$;

create function public.system_report()
returns json
language plpgsql
stable
security definer
set search_path = ''
set timezone = 'UTC'
as $$
begin
  if not public.is_operator() then
    perform private.refuse(403, 'forbidden', 'This is for those who operate this installation.');
  end if;
  return (
    with tasks as (select * from private.queue_state())
    select jsonb_build_object(
      'at', now(),
      'versions', jsonb_build_object(
        'postgres', current_setting('server_version'),
        -- What it calls itself to the database.
        'postgrest', (
          select substring(a.application_name from '^PostgREST (\S+)') from pg_catalog.pg_stat_activity a
          where a.application_name like 'PostgREST %' limit 1),
        'migration', private.latest_migration()),
      'queue', (
        select jsonb_build_object(
          'waiting', coalesce(sum(t.waiting), 0), 'running', coalesce(sum(t.running), 0),
          'scheduled', coalesce(sum(t.scheduled), 0), 'failed', coalesce(sum(t.failed), 0),
          'oldest_seconds', coalesce(max(t.oldest_seconds), 0),
          'tasks', coalesce(jsonb_agg(to_jsonb(t) - 'oldest_seconds'
            order by t.waiting + t.running + t.scheduled + t.failed desc, t.task), '[]'))
        from tasks t),
      'slow_queries', private.slow_queries(),
      'storage', private.storage_state(),
      'backups', private.backup_history()));
end
$$;
comment on function public.system_report is
  'Versions, queue, slow queries, storage and backups of the whole installation. Operators.';
grant execute on function public.system_report to authenticated;
