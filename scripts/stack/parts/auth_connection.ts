/** @supabase/lite's database connection, held to schema auth. */
import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";

/** Connections for sign-ins; each is short. */
const POOL_SIZE = 5;

const RETRY_SECONDS = 0.25;

const asJson = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
const fromJson = (text: string): unknown => JSON.parse(text);

/**
 * Connects as the role that owns schema auth and nothing else.
 * @param databaseUrl as supabase_auth_admin.
 */
export function connectAuthDatabase(databaseUrl: string): PostgresConnection {
  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: {
      max: POOL_SIZE,
      idle_timeout: 60,
      // A database that was started again is found again at once.
      connect_timeout: 5,
      backoff: () => RETRY_SECONDS,
      onnotice: () => {},
      connection: { application_name: "kontor-auth", TimeZone: "UTC" },
      types: {
        // The library passes text it has serialised already; serialised once more, a jsonb column
        // would hold a string, and `->>` in a trigger would find nothing.
        json: { to: 114, from: [114], serialize: asJson, parse: fromJson },
        jsonb: { to: 3802, from: [3802], serialize: asJson, parse: fromJson },
      },
    },
  });
  // Before a REST request this method grants every table to anon. No such request may come here;
  // should one, it must fail before that.
  Object.defineProperty(connection, "ensureRlsContext", {
    value: () => Promise.reject(new Error("the auth server serves /auth/v1 only")),
    writable: false,
  });
  return connection;
}
