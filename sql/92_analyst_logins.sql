-- Analysts' logins: made, given a new password and ended by a tenant's admins; and those that the portal's
-- SQL box works with.

-- Making and ending logins ------------------------------------------------------------------------------

create function private.analyst_document(a private.analysts)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'role_name', a.role_name, 'label', a.label, 'created_by', a.created_by, 'created_at', a.created_at,
    'expires_at', a.expires_at, 'last_login_at', a.last_login_at, 'revoked_at', a.revoked_at)
$$;

create function private.new_analyst_password()
returns text
language sql
volatile
set search_path = ''
as $$
  select replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
$$;
comment on function private.new_analyst_password is '244 random bits.';

create function private.make_analyst_login(role_name name, password text, connections int, valid_until text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format('create role %I login inherit connection limit %s valid until %L password %L',
    role_name, connections, valid_until, password);
  -- Postgres 15 knows no more than that the login inherits; later ones keep it from set role, too.
  execute format(case when current_setting('server_version_num')::int < 160000
    then 'grant analyst to %I' else 'grant analyst to %I with inherit true, set false' end, role_name);
  execute format('alter role %I set default_transaction_read_only = on', role_name);
  execute format('alter role %I set statement_timeout = %L', role_name, '60s');
  execute format('alter role %I set idle_in_transaction_session_timeout = %L', role_name, '5min');
  execute format('alter role %I set idle_session_timeout = %L', role_name, '1h');
  -- Whoever closes the window does not let a statement run on.
  execute format('alter role %I set client_connection_check_interval = %L', role_name, '1s');
  execute format('alter role %I set work_mem = %L', role_name, '32MB');
  execute format('alter role %I set search_path = analytics', role_name);
  -- Only a superuser may hand this right on: whoever made the cluster did, or the limit is not set.
  if has_parameter_privilege(current_user, 'temp_file_limit', 'set') then
    execute format('alter role %I set temp_file_limit = %L', role_name, '1GB');
  end if;
end
$$;

create function private.new_analyst_name()
returns name
language sql
volatile
set search_path = ''
as $$
  -- It says nothing of the tenant: logins can see each other's names.
  select ('analyst_' || left(replace(gen_random_uuid()::text, '-', ''), 16))::name
$$;

create function private.require_analyst(tenant uuid, role_name text)
returns private.analysts
language plpgsql
set search_path = ''
as $$
declare
  found private.analysts;
begin
  select a.* into found from private.analysts a
  where a.tenant_id = tenant and a.role_name = require_analyst.role_name and a.revoked_at is null
    and a.person_id is null
  for update;
  if found.role_name is null then
    perform private.refuse(404, 'not_found', 'There is no such login, or it was revoked.');
  end if;
  return found;
end
$$;

create function private.end_analyst_sessions(role_name name)
returns void
language sql
security definer
set search_path = ''
as $$
  select pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a where a.usename = role_name
$$;
comment on function private.end_analyst_sessions is 'Closes the open connections of a login.';

create function private.drop_analyst_login()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.end_analyst_sessions(old.role_name);
  execute format('drop role if exists %I', old.role_name);
  return null;
end
$$;
comment on function private.drop_analyst_login is
  'AFTER DELETE: a login goes with its tenant, that of the SQL box with its person.';
create trigger drop_login after delete on private.analysts
  for each row execute function private.drop_analyst_login();

create function public.create_analyst(label text, expires_at timestamptz default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  role_name name := private.new_analyst_name();
  password text := private.new_analyst_password();
begin
  perform private.refuse_api_key();
  if create_analyst.expires_at <= now() then
    perform private.refuse(422, 'validation_failed', 'This lies in the past.', 'expires_at');
  end if;
  if coalesce(char_length(btrim(create_analyst.label)), 0) not between 1 and 200 then
    perform private.refuse(422, 'validation_failed', 'A label has 1 to 200 characters.', 'label');
  end if;
  if (select count(*) from private.analysts a where a.tenant_id = tenant and a.revoked_at is null and a.person_id is null) >= 50 then
    perform private.refuse(409, 'conflict', 'A tenant has fifty logins at most. Revoke one first.');
  end if;
  insert into private.analysts (role_name, tenant_id, label, created_by, expires_at)
  values (role_name, tenant, btrim(create_analyst.label), auth.uid(), create_analyst.expires_at);

  perform private.make_analyst_login(
    role_name, password, 5, coalesce(create_analyst.expires_at::text, 'infinity'));
  perform private.record_audit(tenant, 'analyst_created', 'analyst', role_name,
    metadata => jsonb_build_object('label', btrim(create_analyst.label)));
  return json_build_object('role_name', role_name, 'password', password);
end
$$;
comment on function public.create_analyst is
  'Makes a personal read-only database login for the active tenant: {role_name, password}, the password only here. Admins.';
grant execute on function public.create_analyst to authenticated;

create function public.list_analysts()
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  return (
    select coalesce(json_agg(private.analyst_document(a) order by a.created_at desc), '[]')
    from private.analysts a where a.tenant_id = tenant and a.person_id is null);
end
$$;
comment on function public.list_analysts is 'The database logins of the active tenant, newest first, revoked ones too. Admins.';
grant execute on function public.list_analysts to authenticated;

create function public.rotate_analyst(role_name text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  password text := private.new_analyst_password();
begin
  perform private.refuse_api_key();
  perform private.require_analyst(tenant, rotate_analyst.role_name);
  execute format('alter role %I password %L', rotate_analyst.role_name, password);
  perform private.end_analyst_sessions(rotate_analyst.role_name);
  perform private.record_audit(tenant, 'analyst_rotated', 'analyst', rotate_analyst.role_name);
  return json_build_object('role_name', rotate_analyst.role_name, 'password', password);
end
$$;
comment on function public.rotate_analyst is
  'Gives a login a new password, {role_name, password}, and closes what is open with the old one. Admins.';
grant execute on function public.rotate_analyst to authenticated;

create function public.revoke_analyst(role_name text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.refuse_api_key();
  perform private.require_analyst(tenant, revoke_analyst.role_name);
  update private.analysts a set revoked_at = now() where a.role_name = revoke_analyst.role_name;
  execute format('alter role %I nologin password null', revoke_analyst.role_name);
  perform private.end_analyst_sessions(revoke_analyst.role_name);
  perform private.record_audit(tenant, 'analyst_revoked', 'analyst', revoke_analyst.role_name);
end
$$;
comment on function public.revoke_analyst is 'Ends a login and closes its connections. Admins.';
grant execute on function public.revoke_analyst to authenticated;

-- What they run is logged -----------------------------------------------------------------------------------

create function private.logged_statement(statement text)
returns text
language sql
immutable
set search_path = ''
as $fn$
  -- Anybody may change their own password.
  select left(regexp_replace(statement,
    '(\mpassword\M(?:\s|/\*.*?\*/)*)(?:e|u&)?(?:''(?:[^'']|'''')*''|\$(\w*)\$.*?\$\2\$)', '\1''…''', 'gi'), 10000)
$fn$;
comment on function private.logged_statement is 'A statement as the log may hold it: without a password.';

-- The SQL box: a person's statement runs as an analyst's login, too, so that it can do no more ------------

create function private.open_sql_box(statement text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('admin');
  person constant uuid := auth.uid();
  password constant text := private.new_analyst_password();
  -- Long enough to connect.
  valid_until constant text := (clock_timestamp() + interval '2 minutes')::text;
  login name;
begin
  perform private.refuse_api_key();
  -- A person's statements come one by one: the password of one is not changed under another.
  perform pg_advisory_xact_lock(hashtextextended(tenant::text || person, 0));
  select a.role_name into login from private.analysts a where a.tenant_id = tenant and a.person_id = person;
  if login is null then
    login := private.new_analyst_name();
    insert into private.analysts (role_name, tenant_id, label, created_by, person_id)
    values (login, tenant, 'SQL box', person, person);
    perform private.make_analyst_login(login, password, 1, valid_until);
  else
    -- The one before may be on its way out.
    for attempt in 1..20 loop
      exit when not exists (select from pg_catalog.pg_stat_activity s where s.usename = login);
      if attempt = 20 then
        perform private.refuse(409, 'conflict', 'Another statement of yours is running: one at a time.');
      end if;
      perform pg_sleep(0.1), pg_stat_clear_snapshot();
    end loop;
    execute format('alter role %I password %L valid until %L', login, password, valid_until);
  end if;
  perform private.record_audit(tenant, 'query', 'analyst', login,
    metadata => jsonb_build_object('sql', private.logged_statement(statement)));
  return json_build_object('role_name', login, 'password', password);
end
$$;
comment on function private.open_sql_box is
  'Gives the caller''s own login of the SQL box a new password for one statement, {role_name, password}, and logs that statement. Admins.';
grant execute on function private.open_sql_box to kontor_functions;
