/** Connections of backups and restores: one each, on which a row's text is the same everywhere. */
import postgres, { type Sql } from "postgres";

const PLAIN_TEXT = {
  TimeZone: "UTC",
  DateStyle: "ISO",
  IntervalStyle: "postgres",
  extra_float_digits: "1",
  bytea_output: "hex",
  statement_timeout: 0,
} as const;

/** Opens a connection; whoever opens it ends it. */
export function connect(databaseUrl: string): Sql {
  return postgres(databaseUrl, { max: 1, connection: PLAIN_TEXT, onnotice: () => {} });
}

/** Does something on a connection, and ends it. */
export async function using<T>(databaseUrl: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = connect(databaseUrl);
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
