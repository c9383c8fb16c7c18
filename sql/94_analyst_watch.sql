-- Watching analysts, for the worker: what they run is cancelled when it takes too long, and logged.

-- What the last look saw. Not kept over a crash, as what they are compared with is not.
create unlogged table private.analyst_sessions (
  role_name name not null references private.analysts (role_name) on delete cascade,
  pid int not null,
  backend_start timestamptz not null,
  primary key (role_name, pid, backend_start)
);
comment on table private.analyst_sessions is 'The connections that were there when the worker last looked.';
alter table private.analyst_sessions enable row level security;
alter table private.analyst_sessions force row level security;

create unlogged table private.analyst_statements (
  role_name name not null references private.analysts (role_name) on delete cascade,
  query_id bigint not null,
  calls bigint not null,
  rows bigint not null,
  ms double precision not null,
  primary key (role_name, query_id)
);
comment on table private.analyst_statements is
  'How often each statement had run when the worker last looked: what is more was not logged yet.';
alter table private.analyst_statements enable row level security;
alter table private.analyst_statements force row level security;

create function private.record_analyst(
  analyst private.analysts, action text, ip inet, program text, metadata jsonb)
returns void
language sql
set search_path = ''
as $$
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, ip, user_agent, metadata)
  values (analyst.tenant_id, 'analyst', analyst.role_name, action, 'analyst', analyst.role_name, ip,
    left(nullif(program, ''), 500), jsonb_strip_nulls(metadata) || '{"door": "sql"}')
$$;
comment on function private.record_analyst is 'Writes into the log of a tenant what its analyst did, as the worker saw it.';

create function private.stop_long_statements(longest interval default '60 seconds')
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  it record;
  done boolean;
  stopped int := 0;
begin
  -- statement_timeout is the session's own to change; this is not.
  for it in
    select a as analyst, s.pid, s.query, s.client_addr, s.application_name,
      clock_timestamp() - s.query_start as ran
    from pg_catalog.pg_stat_activity s
    join private.analysts a on a.role_name = s.usename
    where s.backend_type = 'client backend' and s.state in ('active', 'fastpath function call')
      and s.query_start < clock_timestamp() - longest
  loop
    -- A block of code can catch that it is cancelled, and go on.
    done := case when it.ran < longest * 1.25
      then pg_cancel_backend(it.pid) else pg_terminate_backend(it.pid) end;
    if done then
      stopped := stopped + 1;
      perform private.record_analyst(it.analyst, 'query', it.client_addr, it.application_name,
        jsonb_build_object('sql', private.logged_statement(it.query), 'cancelled', true,
          'ms', round(extract(epoch from it.ran) * 1000)));
    end if;
  end loop;
  -- Nor does a session keep a transaction open, or itself when its time is up.
  perform pg_terminate_backend(s.pid)
  from pg_catalog.pg_stat_activity s
  join private.analysts a on a.role_name = s.usename
  where (s.state like 'idle in transaction%' and s.state_change < clock_timestamp() - interval '5 minutes')
    or a.expires_at <= now() or a.revoked_at is not null;
  return stopped;
end
$$;
comment on function private.stop_long_statements is
  'Cancels analysts'' statements that run too long, and closes what goes on regardless; answers how many.';
grant execute on function private.stop_long_statements to kontor_worker;

create function private.record_analyst_sign_ins()
returns void
language plpgsql
set search_path = ''
as $$
declare
  it record;
begin
  for it in
    insert into private.analyst_sessions (role_name, pid, backend_start)
    select a.role_name, s.pid, s.backend_start
    from pg_catalog.pg_stat_activity s
    join private.analysts a on a.role_name = s.usename and a.person_id is null
    where s.backend_type = 'client backend'
    on conflict do nothing
    returning *
  loop
    perform private.record_analyst(a, 'sign_in', s.client_addr, s.application_name,
      jsonb_build_object('connected_at', it.backend_start))
    from private.analysts a
    left join pg_catalog.pg_stat_activity s on s.pid = it.pid
    where a.role_name = it.role_name;
    update private.analysts a set last_login_at = it.backend_start
    where a.role_name = it.role_name
      and (a.last_login_at is null or a.last_login_at < it.backend_start);
  end loop;
end
$$;
comment on function private.record_analyst_sign_ins is 'Logs the connections that were not there at the last look.';

create function private.record_analyst_queries()
returns void
language plpgsql
set search_path = ''
as $$
declare
  database constant oid := (select d.oid from pg_catalog.pg_database d where d.datname = current_database());
  it record;
  unseen name; -- came and went between two looks
begin
  if to_regprocedure('extensions.pg_stat_statements(boolean)') is null
    or current_setting('shared_preload_libraries') not like '%pg_stat_statements%'
  then
    return;
  end if;
  -- Without texts, which are in a file: most of the time nothing is new.
  if not exists (
    select from extensions.pg_stat_statements(false) s
    join pg_catalog.pg_roles r on r.oid = s.userid
    join private.analysts a on a.role_name = r.rolname and a.person_id is null
    left join private.analyst_statements noted on noted.role_name = a.role_name and noted.query_id = s.queryid
    where s.dbid = database and s.queryid is not null
    group by a.role_name, s.queryid, noted.calls
    having sum(s.calls) is distinct from noted.calls)
  then
    return;
  end if;
  for it in
    with seen as (
      select a.role_name, s.queryid as query_id, min(s.query) as text, sum(s.calls)::bigint as calls,
        sum(s.rows)::bigint as rows, sum(s.total_exec_time) as ms
      from extensions.pg_stat_statements(true) s
      join pg_catalog.pg_roles r on r.oid = s.userid
      join private.analysts a on a.role_name = r.rolname and a.person_id is null
      where s.dbid = database and s.queryid is not null
      group by a.role_name, s.queryid
    ),
    noted as (
      insert into private.analyst_statements as n (role_name, query_id, calls, rows, ms)
      select role_name, query_id, calls, rows, ms from seen
      on conflict (role_name, query_id) do update
        set calls = excluded.calls, rows = excluded.rows, ms = excluded.ms
        where n.calls <> excluded.calls
    ),
    -- Statistics have no endless memory.
    forgotten as (
      delete from private.analyst_statements n
      where not exists (select from seen s where s.role_name = n.role_name and s.query_id = n.query_id)
    )
    select a as analyst, seen.text, seen.calls - coalesce(before.calls, 0) as calls,
      seen.rows - coalesce(before.rows, 0) as rows, seen.ms - coalesce(before.ms, 0) as ms,
      exists (select from private.analyst_sessions known where known.role_name = seen.role_name) as known
    from seen
    join private.analysts a on a.role_name = seen.role_name
    -- Fewer than before: they were forgotten meanwhile, and counted anew.
    left join private.analyst_statements before
      on before.role_name = seen.role_name and before.query_id = seen.query_id and before.calls <= seen.calls
    where before.calls is distinct from seen.calls
    order by seen.role_name, seen.text
  loop
    if not it.known and unseen is distinct from (it.analyst).role_name then
      unseen := (it.analyst).role_name;
      perform private.record_analyst(
        it.analyst, 'sign_in', null, null, '{"seen": "by its statements alone"}');
      update private.analysts a set last_login_at = now() where a.role_name = unseen;
    end if;
    perform private.record_analyst(it.analyst, 'query', null, null, jsonb_build_object(
      'sql', private.logged_statement(it.text), 'calls', it.calls, 'rows', it.rows,
      'ms', round(it.ms::numeric, 1)));
  end loop;
end
$$;
comment on function private.record_analyst_queries is
  'Logs what analysts ran since the last look, as pg_stat_statements counted it: each text once, with how often, its rows and its time.';

create function private.watch_analysts(longest interval default '60 seconds')
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  stopped int;
begin
  -- One worker at a time, and only where there is somebody to look after.
  if not exists (select from private.analysts)
    or not pg_try_advisory_xact_lock(hashtextextended('watch analysts', 0))
  then
    return 0;
  end if;
  stopped := private.stop_long_statements(longest);
  perform private.record_analyst_sign_ins();
  perform private.record_analyst_queries();
  delete from private.analyst_sessions known
  where not exists (
    select from pg_catalog.pg_stat_activity s
    where s.pid = known.pid and s.backend_start = known.backend_start);
  return stopped;
end
$$;
comment on function private.watch_analysts is
  'Stops analysts'' statements that run too long and logs their connections and statements; answers how many it stopped.';
grant execute on function private.watch_analysts to kontor_worker;
