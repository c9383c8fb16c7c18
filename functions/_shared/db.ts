/**
 * The database, as the login that has no rights of its own. Every statement of a caller runs inside
 * one transaction that tells the database who calls and becomes `authenticated`.
 */
import postgres from "postgres";
import type { Row, Sql } from "postgres";
import type { Access, Statement } from "./context.ts";
import { isConnectionError, isRace } from "./database_errors.ts";
import { env } from "./env.ts";

/** Longer than this a request's statement never runs. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** Losing a race (deadlock, serialization) is worth this many repetitions. */
const RETRIES = 2;

/** The pool. Only for what needs no caller (health); everything else goes through asCaller. */
export const sql: Sql = postgres(env.DATABASE_URL, {
  max: env.DATABASE_POOL_SIZE,
  connect_timeout: 5,
  idle_timeout: 300,
  onnotice: () => {},
  // Seconds; short, because requests wait for it, and a database that restarts is back soon.
  backoff: (attempts: number) => Math.min(0.05 * 2 ** attempts, 1),
  connection: {
    application_name: "kontor_functions",
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 2 * STATEMENT_TIMEOUT_MS,
  },
});

/** What the database is told about a request. */
export type RequestContext = {
  /** The verified token's claims, JSON text. */
  readonly claims: string;
  /** The few headers that rules and the audit log read, JSON text; never Authorization. */
  readonly headers: string;
  /** The role required in the active tenant; "caller" asks for none. */
  readonly access: Exclude<Access, "public">;
  readonly readOnly: boolean;
};

/**
 * Runs one statement as the caller: begin, identity, required role, statement, commit, all sent at
 * once: one round trip. If any of them fails Postgres skips the rest and rolls back.
 * @throws the database's error (see database_errors.ts).
 */
export function asCaller<T extends Row>(
  context: RequestContext,
  statement: Statement<T>,
): Promise<T[]> {
  return withRetries(() =>
    onConnection(async (connection) => {
      // Written before anything is sent: it may refuse, and then nothing must be under way.
      const pending = statement(connection);
      const begun = begin(connection, context);
      const rows = pending.execute();
      const committed = connection`commit`.execute();
      await allSettled([...begun, rows, committed]);
      return await rows;
    })
  );
}

/**
 * A transaction as the caller that needs to look at answers on its way. `work` may leave the role
 * (`reset role`) and must return to it. Rolls back when `work` throws.
 */
export function transaction<T>(
  context: RequestContext,
  work: (sql: Sql, tenant: string | null) => Promise<T>,
): Promise<T> {
  return withRetries(() =>
    onConnection(async (connection) => {
      try {
        const begun = begin(connection, context);
        await allSettled(begun);
        const tenant: unknown = (await begun.at(-1))?.[0]?.["tenant"];
        const result = await work(connection, typeof tenant === "string" ? tenant : null);
        await connection`commit`;
        return result;
      } catch (error) {
        if (!isConnectionError(error)) await connection`rollback`;
        throw error;
      }
    })
  );
}

/** Sends the statements that open a caller's transaction; the last one's row holds the tenant. */
function begin(connection: Sql, context: RequestContext) {
  const { claims, headers, access } = context;
  const opened = context.readOnly ? connection`begin read only` : connection`begin`;
  const identity = connection`
    select set_config('request.jwt.claims', ${claims}, true),
           set_config('request.headers', ${headers}, true),
           set_config('role', 'authenticated', true)`;
  if (access === "caller") return [opened.execute(), identity.execute()];
  const tenant = connection`select private.require_role(${access}) as tenant`;
  return [opened.execute(), identity.execute(), tenant.execute()];
}

/**
 * Waits for all of a connection's statements, so that none is under way when the connection goes
 * back. Throws the first failure, the cause of the others, unless the connection itself was lost.
 */
async function allSettled(statements: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(statements);
  const reasons: unknown[] = settled.flatMap((one) =>
    one.status === "rejected" ? [one.reason] : []
  );
  if (reasons.length > 0) throw reasons.find(isConnectionError) ?? reasons[0];
}

/** Borrows a connection for as long as `work` takes. */
async function onConnection<T>(work: (connection: Sql) => Promise<T>): Promise<T> {
  const connection = await sql.reserve();
  let lost = false;
  try {
    return await work(connection);
  } catch (error) {
    lost = isConnectionError(error);
    throw error;
  } finally {
    // The driver has taken a lost connection back already; giving it back twice would hand a dead
    // socket to the next request.
    if (!lost) connection.release();
  }
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let retries = 0;; retries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRace(error) || retries >= RETRIES) throw error;
    }
  }
}
