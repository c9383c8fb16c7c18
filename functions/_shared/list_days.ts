/** Bounds in time as queries give them: a moment, or a day where the tenant keeps its books. */
import type { Fragment, Sql } from "./context.ts";

/** The condition that a time is not before a bound. */
export function notBefore(sql: Sql, column: Fragment, bound: string): Fragment {
  return isDay(bound)
    ? sql`${column} >= ${startOfDay(sql, bound, 0)}`
    : sql`${column} >= ${bound}::text::timestamptz`;
}

/** The condition that a time is not after a bound; a day counts whole. */
export function notAfter(sql: Sql, column: Fragment, bound: string): Fragment {
  return isDay(bound)
    ? sql`${column} < ${startOfDay(sql, bound, 1)}`
    : sql`${column} <= ${bound}::text::timestamptz`;
}

/** The moment that a bound stands for: a day's is its beginning, or with `after` its end. */
export function momentOf(sql: Sql, bound: string, { after = false } = {}): Fragment {
  return isDay(bound) ? startOfDay(sql, bound, after ? 1 : 0) : sql`${bound}::text::timestamptz`;
}

function isDay(value: string): boolean {
  return value.length === "2026-01-31".length;
}

/** The moment a day (or one some days later) begins where the tenant keeps its books. */
function startOfDay(sql: Sql, day: string, daysLater: number): Fragment {
  return sql`((${day}::text::date + ${daysLater}::int)::timestamp at time zone (
    select t.time_zone from public.tenants t
    where t.id = (select private.current_tenant('viewer', 'tenant'))))`;
}
