-- What only a superuser can do for Kontor, once, on an empty database, after Supabase's own scripts.
-- Everything else is a migration. The embedded stack does the same in scripts/stack/roles.ts.

-- Analysts' logins are given a limit of temporary files, by a function of the role postgres.
grant set on parameter temp_file_limit to postgres;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres with admin option;

-- Nobody but its operator connects to this cluster's other databases.
revoke connect on database template1 from public;
revoke connect on database _supabase from public;

-- Anybody may make large objects and write into the log of changes, even a login that only reads, and
-- fill the disk with them: nobody here does. And anybody may take advisory locks, whose names are no
-- secret, and keep them from whoever waits for one: only functions of ours do.
do $$
declare
  risky regprocedure;
begin
  for risky in
    select oid::regprocedure from pg_catalog.pg_proc
    where pronamespace = 'pg_catalog'::regnamespace
      and (proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message')
        or proname ~ '^pg_(try_)?advisory_')
  loop
    execute format('revoke execute on function %s from public', risky);
    if risky::text like '%advisory%' then
      execute format(
        'grant execute on function %s to postgres, supabase_auth_admin, supabase_storage_admin', risky);
    end if;
  end loop;
end
$$;

-- What analysts ran is counted, and slow statements are found, with this one; the image preloads it.
create schema if not exists extensions;
create extension if not exists pg_stat_statements with schema extensions;
do $$
begin
  if current_setting('shared_preload_libraries') not like '%pg_stat_statements%' then
    raise warning 'pg_stat_statements is not preloaded: analysts'' statements are not logged';
  end if;
end
$$;
