/** Database errors as refusals. The rules live in Postgres, and so do the words of most refusals. */
import postgres from "postgres";
import { Problem } from "./errors.ts";

/** Where the values came from that the database may dislike. */
export type Source = "body" | "query";

/** SQLSTATE classes and codes after which the same request may succeed later. */
const UNAVAILABLE = /^(08|53|57P|58|XX000$|57014$|55P03$|25006$|40001$|40P01$|28|3D000$)/;
/** Values the database cannot take: ranges, formats, characters, check constraints. */
const BAD_VALUE = /^(22|23514$|23502$|54001$|54000$)/;
/** How long whoever asked for too much at once is told to wait. */
const RETRY_AFTER_SECONDS = 10;
/** What the driver reports when there is no connection (any more). */
const NO_CONNECTION = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** The refusal that a database error stands for; undefined when it is nobody's fault but ours. */
export function problemOf(error: unknown, source: Source): Problem | undefined {
  if (isConnectionError(error)) return unavailable(error);
  if (!(error instanceof postgres.PostgresError)) return undefined;
  const { code } = error;
  const own = /^PT(\d{3})$/.exec(code);
  if (own !== null) return refusal(error, Number(own[1]));
  if (code === "23505") return new Problem("conflict", uniqueDetail(error), { cause: error });
  if (code === "42501") return new Problem("forbidden", "You may not do this.", { cause: error });
  if (code === "23503") return invalid(source, columnOf(error), "Does not exist.", error);
  if (BAD_VALUE.test(code)) {
    return invalid(source, columnOf(error), "The value does not fit.", error);
  }
  return UNAVAILABLE.test(code) ? unavailable(error) : undefined;
}

/** Whether a connection was refused, lost or never made. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" &&
    NO_CONNECTION.has(error.code);
}

/** Whether the transaction lost a race and the same one may succeed at once. */
export function isRace(error: unknown): boolean {
  return error instanceof postgres.PostgresError &&
    (error.code === "40001" || error.code === "40P01");
}

function refusal(error: postgres.PostgresError, status: number): Problem {
  const code = error.message;
  const detail = error.detail ?? "Refused.";
  const path = error.hint ?? "";
  const errors = status === 422 || path !== "" ? [{ path, code, message: detail }] : [];
  const headers = status === 429 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {};
  return new Problem(code, detail, { status, errors, headers, cause: error });
}

function unavailable(cause: unknown): Problem {
  return new Problem("unavailable", "The database cannot answer just now. Try again shortly.", {
    headers: { "retry-after": "1" },
    cause,
  });
}

function invalid(source: Source, path: string, message: string, cause: unknown): Problem {
  const code = source === "query" ? "invalid_query" : "validation_failed";
  return new Problem(code, "A value is not acceptable.", {
    errors: [{ path, code, message }],
    cause,
  });
}

/**
 * The column that an error is about: named by itself, or by its constraint, which is called
 * `<table>_<column>_<rule>` (`orders_customer_id_fkey`, `orders_notes_length`).
 */
function columnOf(error: postgres.PostgresError): string {
  const { column_name: column, constraint_name: constraint = "", table_name: table = "" } = error;
  if (column !== undefined || !constraint.startsWith(`${table}_`)) return column ?? "";
  return constraint.slice(table.length + 1).replace(/_[a-z]+$/, "");
}

/** `products_sku_key` on table `products`: "sku". The value itself is not repeated. */
function uniqueDetail(error: postgres.PostgresError): string {
  const field = columnOf(error);
  return field === "" ? "This exists already." : `This ${field} is in use already.`;
}
