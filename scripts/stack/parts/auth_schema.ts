/** The auth schema as the embedded auth server needs it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Worker } from "node:worker_threads";
import postgres from "postgres";
import { z } from "zod";
import { ROOT } from "../../env.ts";

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

/** As GoTrue has it, as far as our database asks (private.custom_access_token). Here nobody has one. */
const FACTORS = `
create table if not exists auth.mfa_factors (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  friendly_name text,
  factor_type text not null,
  status text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  secret text
);
`;

const GRANTS = `
grant usage on schema auth to postgres, anon, authenticated, service_role;
grant select, references, trigger on auth.users to postgres;
grant select, delete, trigger on auth.sessions to postgres;
grant select, insert, update, delete on auth.mfa_factors to postgres;
grant execute on function auth.jwt(), auth.uid(), auth.role(), auth.email()
  to postgres, anon, authenticated, service_role;
`;

/** The schema's comment says whose tables it holds. */
function marker(): string {
  const file = path.join(ROOT, "node_modules", "@supabase", "lite", "package.json");
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(file, "utf8")));
  return `tables of @supabase/lite ${version}`;
}

/**
 * The library's tables; the schema itself is made, with its owner, where the roles are. A thread
 * reads them, for the library takes 40 MB that the launcher needs for nothing else.
 */
function tablesSql(): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./auth_schema_worker.ts", import.meta.url));
    worker.once("message", (sql: string) => resolve(sql.replace(/^CREATE SCHEMA[^;]*;/im, "")));
    worker.once("error", reject);
  });
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
      const [found] = await tx<{ note: string | null }[]>`
        select obj_description('auth'::regnamespace, 'pg_namespace') as note`;
      if (found?.note !== marker()) {
        await tx.unsafe(await tablesSql());
        await tx.unsafe(`comment on schema auth is '${marker()}'`);
      }
      await tx.unsafe(HELPERS);
      await tx.unsafe(FACTORS);
      await tx.unsafe(GRANTS);
    });
  } finally {
    await sql.end();
  }
}
