/**
 * What Supabase's Postgres image has before the first migration: its roles, schemas and grants, and
 * its default privileges, which our migrations take back. One transaction, once; the passwords are set
 * at every start.
 */
import type { Sql } from "postgres";
import { StackError } from "./errors.ts";
import type { LoginRole } from "./part.ts";

const ROLES: Record<string, string> = {
  postgres: "login createdb createrole bypassrls nosuperuser",
  anon: "nologin noinherit",
  authenticated: "nologin noinherit",
  service_role: "nologin noinherit bypassrls",
  authenticator: "login noinherit",
  supabase_auth_admin: "login noinherit",
  supabase_storage_admin: "login noinherit",
};

const GRANTS = `
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres with admin option;
-- Supabase's image does not grant this one: its init scripts have to.
grant set on parameter temp_file_limit to postgres;

alter role postgres set search_path = "$user", public, extensions;
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';

alter schema public owner to postgres;
grant usage on schema public to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on sequences to postgres, anon, authenticated, service_role;

create schema if not exists extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create extension if not exists pg_stat_statements with schema extensions;

create schema if not exists auth authorization supabase_auth_admin;
grant usage on schema auth to postgres, anon, authenticated, service_role;

-- Nobody but its operator connects to this cluster's other databases.
revoke connect on database template1 from public;

-- Anybody may make large objects and write into the log of changes, even a login that only reads, and
-- fill the disk with them: nobody here does. And anybody may take advisory locks, whose names are no
-- secret, and keep them from whoever waits for one: only functions of ours do. Only a superuser can take
-- this back, so a deployed database's init scripts have to, too.
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
`;

/**
 * Makes the roles, schemas and grants; does nothing when an earlier start did.
 * @param sql connected as a superuser.
 * @throws StackError when the login is not a superuser.
 */
export async function bootstrapCluster(sql: Sql): Promise<void> {
  const [now] = await sql<{ done: boolean; superuser: boolean; db: string }[]>`
    select to_regnamespace('auth') is not null as done, current_database() as db,
           (select rolsuper from pg_roles where rolname = current_user) as superuser`;
  if (!now?.superuser) {
    throw new StackError(
      "the database's login is not a superuser, so the roles cannot be made; set SUPABASE_URL as " +
        "well when DATABASE_URL is a Supabase database",
    );
  }
  if (now.done) return;
  await sql.begin(async (tx) => {
    const existing = await tx<{ rolname: string }[]>`select rolname from pg_roles`;
    const names = new Set(existing.map(({ rolname }) => rolname));
    for (const [role, attributes] of Object.entries(ROLES)) {
      if (!names.has(role)) await tx.unsafe(`create role ${role} ${attributes}`);
    }
    await tx`alter database ${tx(now.db)} owner to postgres`;
    await tx.unsafe(GRANTS);
  });
}

/** Sets the passwords of those of the roles that exist. */
export async function setPasswords(
  sql: Sql,
  passwords: Readonly<Partial<Record<LoginRole, string>>>,
): Promise<void> {
  const existing = await sql<{ rolname: LoginRole }[]>`
    select rolname from pg_roles where rolname in ${sql(Object.keys(passwords))}`;
  const changes = existing.flatMap(({ rolname }) => {
    const password = passwords[rolname];
    // A role's password is not a parameter in SQL; ours are hexadecimal, and checked to be.
    if (!password || !/^[0-9a-f]+$/.test(password)) return [];
    return [`alter role ${rolname} password '${password}'`];
  });
  await sql.unsafe(changes.join(";"));
}
