/**
 * The database, as the login that has no rights of its own. Every statement of a caller runs inside
 * one transaction that tells the database who calls and becomes `authenticated`.
 */
import type { PendingQuery, Row, Sql } from "postgres";
import type { Access, Statement } from "./context.ts";
import { isConnectionError, isRace } from "./database_errors.ts";
import { withConnection } from "./pool.ts";
import { currentTraceparent, inSpan, type SpanOptions } from "./telemetry/tracing.ts";

/** Losing a race (deadlock, serialization) is worth this many repetitions. */
const RETRIES = 2;

const SQL: SpanOptions = { kind: "client", attributes: { "db.system.name": "postgresql" } };

/** What the database is told about a request. */
export type RequestContext = {
  /** The verified token's claims, JSON text. */
  readonly claims: string;
  /** The few headers that rules and the audit log read, JSON text; never Authorization. */
  readonly headers: string;
  /** The role required in the active tenant; "caller" asks for none. */
  readonly access: Exclude<Access, "public">;
  /** What an API key's scopes must name; null is nothing they can. */
  readonly domain: string | null;
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
    inSpan("sql", SQL, (span) =>
      withConnection(async ({ sql }) => {
        // Written before anything is sent: it may refuse, and then nothing must be under way.
        const pending = statement(sql);
        const begun = begin(sql, context);
        const sent = pending.execute();
        const committed = sql`commit`.execute();
        await allSettled([...begun, sent, committed]);
        const rows = await sent;
        // As it was sent: with placeholders, without their values.
        span.set({ "db.query.text": rows.statement.string.trim() });
        return rows;
      }))
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
    inSpan("sql transaction", SQL, () =>
      withConnection(async ({ sql, alive }) => {
        try {
          const begun = begin(sql, context);
          await allSettled(begun);
          const tenant: unknown = (await begun.at(-1))?.[0]?.["tenant"];
          const result = await work(sql, typeof tenant === "string" ? tenant : null);
          await sql`commit`;
          return result;
        } catch (error) {
          if (alive()) await sql`rollback`;
          throw error;
        }
      }))
  );
}

/**
 * Runs one statement with the functions' own rights, for the tenant in which the caller was found to
 * have the required role.
 */
export function asFunctions<T extends Row>(
  context: RequestContext,
  statement: (sql: Sql, tenant: string) => PendingQuery<T[]>,
): Promise<T[]> {
  return transaction(context, async (sql, tenant) => {
    if (tenant === null) throw new Error("a route that works as the functions needs a tenant");
    const [, rows] = await Promise.all([sql`reset role`, statement(sql, tenant)]);
    return rows;
  });
}

/**
 * Runs one statement as the functions themselves, in a transaction that knows about the request: for
 * what is recorded of people who are refused, or have not signed in yet.
 */
export function asOurselves<T extends Row>(
  { claims, headers }: Pick<RequestContext, "claims" | "headers">,
  statement: Statement<T>,
): Promise<T[]> {
  return inSpan("sql", SQL, () =>
    withConnection(async ({ sql }) => {
      const rows = statement(sql);
      const sent = [
        sql`begin`,
        sql`select set_config('request.jwt.claims', ${claims}, true),
          set_config('request.headers', ${withTrace(headers)}, true)`,
        rows,
        sql`commit`,
      ].map((one) => one.execute());
      await allSettled(sent);
      return await rows;
    }));
}

/** Sends the statements that open a caller's transaction; the last one's row holds the tenant. */
function begin(sql: Sql, context: RequestContext) {
  const { claims, headers, access, domain } = context;
  const opened = context.readOnly ? sql`begin read only` : sql`begin`;
  const identity = sql`
    select set_config('request.jwt.claims', ${claims}, true),
           set_config('request.headers', ${withTrace(headers)}, true),
           set_config('role', 'authenticated', true)`;
  if (access === "caller") {
    return [opened, identity, sql`select private.refuse_dead_token()`].map((one) => one.execute());
  }
  const tenant = sql`select private.require_role(${access}, ${domain}) as tenant`;
  return [opened.execute(), identity.execute(), tenant.execute()];
}

/** The headers with the present span, so that jobs know what caused them (private.job_cause). */
function withTrace(headers: string): string {
  const traceparent = currentTraceparent();
  return traceparent === undefined
    ? headers
    : JSON.stringify({ ...JSON.parse(headers), traceparent });
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

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let retries = 0;; retries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRace(error) || retries >= RETRIES) throw error;
    }
  }
}
