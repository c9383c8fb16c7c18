-- What Supabase's own compose file sets at the first start: one password for its services' logins, and
-- the pooler's own database (used by the profile `pooler` only).
\set pgpass `echo "$PGPASSWORD"`

alter user supabase_admin with password :'pgpass';
alter user authenticator with password :'pgpass';
alter user pgbouncer with password :'pgpass';
alter user supabase_auth_admin with password :'pgpass';
alter user supabase_storage_admin with password :'pgpass';

create database _supabase with owner supabase_admin;
\connect _supabase
create schema if not exists _supavisor;
alter schema _supavisor owner to supabase_admin;
\connect postgres
