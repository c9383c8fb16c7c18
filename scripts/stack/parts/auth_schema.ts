/** The auth schema as the embedded auth server needs it. */
import { getAuthSchemaSql } from "@supabase/lite";
import postgres from "postgres";

/** Any number that no other lock of this database uses. */
const LOCK = 4_201_977;

/**
 * auth.uid() and the like read the claims where PostgREST 12 and later, and our functions, put
 * them. @supabase/lite's own versions read only settings that nothing makes any more.
 */
const HELPERS = `
create or replace function auth.jwt() returns jsonb language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;
create or replace function auth.uid() returns uuid language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
$$;
create or replace function auth.email() returns text language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
$$;
`;

const GRANTS = `
grant usage on schema auth to postgres, anon, authenticated, service_role;
grant select, references, trigger on auth.users to postgres;
grant execute on function auth.jwt(), auth.uid(), auth.role(), auth.email()
  to postgres, anon, authenticated, service_role;
`;

/** The library's tables; the schema itself is made, with its owner, where the roles are. */
function tablesSql(): string {
  return getAuthSchemaSql().replace(/^CREATE SCHEMA[^;]*;/im, "");
}

/**
 * Makes the tables of schema auth, auth.uid(), role(), email(), jwt() and their grants in one
 * transaction. Idempotent; for the stack's database and for scratch databases alike.
 * @param databaseUrl as supabase_auth_admin, who owns schema auth in that database.
 * @throws PostgresError when the schema is missing or someone else's.
 */
export async function installAuthSchema(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql.begin(async (tx) => {
      // Two that start at once would both find a table missing.
      await tx`select pg_advisory_xact_lock(${LOCK})`;
      await tx.unsafe(tablesSql());
      await tx.unsafe(HELPERS);
      await tx.unsafe(GRANTS);
    });
  } finally {
    await sql.end();
  }
}
