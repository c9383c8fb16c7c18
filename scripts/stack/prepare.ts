/** Brings the database to where the other parts can use it: roles, auth's schema, migrations, passwords. */
import postgres, { type Sql } from "postgres";
import { MigrationError, migrate } from "../db/migrate.ts";
import { StackError } from "./errors.ts";
import type { StackContext } from "./part.ts";
import { installAuthSchema } from "./parts/auth_schema.ts";
import { bootstrapCluster, setPasswords } from "./roles.ts";

async function migrateDatabase(ctx: StackContext): Promise<string[]> {
  try {
    return await migrate(ctx.databaseUrl("postgres"));
  } catch (error) {
    throw error instanceof MigrationError ? new StackError(error.message) : error;
  }
}

async function withDatabase<T>(url: string, use: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/**
 * Idempotent; does next to nothing on a database that is up to date.
 * @param say prints a line of progress.
 * @throws StackError when a migration fails or the database cannot be prepared with this login.
 */
export async function prepareDatabase(
  ctx: StackContext,
  say: (text: string) => void,
): Promise<void> {
  const { postgres: owner, supabase_admin: _, ...logins } = ctx.secrets.databasePasswords;
  await withDatabase(ctx.databaseUrl("supabase_admin"), async (sql) => {
    if (!ctx.external.supabase) {
      await bootstrapCluster(sql);
      await setPasswords(sql, ctx.external.database ? logins : { ...logins, postgres: owner });
      await installAuthSchema(ctx.databaseUrl("supabase_auth_admin"));
    }
    const applied = await migrateDatabase(ctx);
    if (applied.length > 0) say(`${applied.length} migration(s) applied`);
    // The migrations made two more logins, without passwords.
    await setPasswords(sql, {
      kontor_functions: logins.kontor_functions,
      kontor_worker: logins.kontor_worker,
    });
  });
}
