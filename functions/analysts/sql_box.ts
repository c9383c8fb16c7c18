/**
 * Runs one statement of a person's as an analyst: over a connection of its own, logged in with a login that
 * can do no more than any analyst's, whose password is made for this statement and kept nowhere.
 */
import postgres, { type Row, type Sql } from "postgres";
import type { SqlColumn, SqlResult } from "../_shared/contracts/analysts.ts";
import { env } from "../_shared/env.ts";
import { Problem } from "../_shared/errors.ts";
import { type Metered, meteredSocket } from "./metered_socket.ts";
import { faultOf } from "./sql_fault.ts";

const TIMEOUT_MS = 30_000;
/** Should the database not keep to it. */
const GIVE_UP_MS = TIMEOUT_MS + 2_000;
/** Of one answer, as it comes from the database. */
const MOST_BYTES = 16 * 1024 ** 2;
const BATCH = 1_000;
const POSTGRES_PORT = 5432;
/** JavaScript keeps this many digits of any number. */
const EXACT_DIGITS = 15;

/** Numbers where nothing is lost, everything else but truth values and JSON as Postgres writes it. */
const types = {
  number: {
    to: 1700,
    from: [20, 1700],
    serialize: String,
    parse: (text: string) =>
      /^-?[\d.]+$/.test(text) && text.replace(/\D/g, "").length <= EXACT_DIGITS
        ? Number(text)
        : text,
  },
  float: {
    to: 701,
    from: [700, 701],
    serialize: String,
    parse: (text: string) => Number.isFinite(Number(text)) ? Number(text) : text,
  },
  date: {
    to: 1184,
    from: [1082, 1114, 1184],
    serialize: String,
    parse: (text: string) => text,
  },
  bytea: { to: 17, from: [17], serialize: String, parse: (text: string) => text },
};

export type Login = { readonly role_name: string; readonly password: string };
type Wanted = { readonly sql: string; readonly max_rows: number };

/**
 * @param gone aborted when nobody waits for the answer any more: the statement is stopped.
 * @throws Problem saying what is wrong with the statement, or that it was stopped.
 */
export async function runInBox(
  login: Login,
  wanted: Wanted,
  gone: AbortSignal,
): Promise<SqlResult> {
  const { hostname, port, pathname } = new URL(env.DATABASE_URL);
  const late = AbortSignal.timeout(GIVE_UP_MS);
  const over = AbortSignal.any([gone, late]);
  let metered: Metered | undefined;
  const stop = () => metered?.socket.destroy();
  const settings = {
    host: hostname,
    port: Number(port || POSTGRES_PORT),
    database: decodeURIComponent(pathname.slice(1)),
    username: login.role_name,
    password: login.password,
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: 5,
    onnotice: () => {},
    types,
    connection: { application_name: "Kontor SQL box", statement_timeout: TIMEOUT_MS },
    // Who closes it closes the statement: the database looks every second whether anybody is there.
    async socket() {
      over.throwIfAborted();
      metered = await meteredSocket(settings.host, settings.port, MOST_BYTES);
      return metered.socket;
    },
  };
  const sql = postgres(settings);
  over.addEventListener("abort", stop, { once: true });
  try {
    return await read(sql, wanted);
  } catch (error) {
    if (metered?.overflown()) {
      throw new Problem("validation_failed", "The answer is larger than 16 MB: ask for less.", {
        cause: error,
      });
    }
    if (over.aborted) throw new Problem("unavailable", "The statement was stopped.");
    throw faultOf(error, wanted.sql) ?? error;
  } finally {
    over.removeEventListener("abort", stop);
    await sql.end({ timeout: 1 }).catch(() => {});
  }
}

async function read(sql: Sql, { sql: statement, max_rows }: Wanted): Promise<SqlResult> {
  // By the protocol that takes one statement only.
  const asked = () => sql<Row[]>(Object.assign([statement], { raw: [statement] }));
  const columns = await namedTypes(sql, (await asked().describe()).columns);
  if (columns.length === 0) {
    throw new Problem("validation_failed", "This gives no rows: write a statement that reads.");
  }
  const began = performance.now();
  const rows: SqlResult["rows"] = [];
  // Taken one by one: what the driver hands over as a batch leaves out the rows of EXPLAIN and SHOW.
  const query = asked().values();
  void query.cursor(Math.min(BATCH, max_rows + 1), () => {
    if (rows.length > max_rows) return sql.CLOSE;
  });
  await query.forEach((row) => rows.push(row));
  const truncated = rows.length > max_rows;
  if (truncated) rows.length = max_rows;
  const ms = Math.round(performance.now() - began);
  return { columns, rows, row_count: rows.length, truncated, ms };
}

type Described = readonly { readonly name: string; readonly type: number }[];

async function namedTypes(sql: Sql, columns: Described): Promise<SqlColumn[]> {
  const oids = [...new Set(columns.map(({ type }) => type))];
  const names = await sql<{ oid: number; name: string }[]>`
    select oid::int, pg_catalog.format_type(oid, null) as name
    from pg_catalog.pg_type where oid::text = any (string_to_array(${oids.join(",")}, ','))`;
  const known = new Map(names.map(({ oid, name }) => [oid, name]));
  return columns.map(({ name, type }) => ({ name, type: known.get(type) ?? "unknown" }));
}
