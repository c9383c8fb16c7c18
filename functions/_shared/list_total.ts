/** Totals too large to count: the planner's estimate, remembered for a while. */
import { z } from "zod";
import type { CallerDatabase, Fragment, Sql } from "./context.ts";
import { BoundedCache } from "./lru.ts";

const LIFE_MS = 60_000;
const remembered = new BoundedCache<number>(5_000);

const plan = z.tuple([z.object({ Plan: z.object({ "Plan Rows": z.number() }) })]);

/** The estimate of a list's total that was made a moment ago; lists that can be counted have none. */
export function rememberedTotal(scope: string): number | undefined {
  return remembered.get(scope);
}

/** Remembers an estimate for a minute: pages of a large list need not count it again and again. */
export function rememberTotal(scope: string, count: number): void {
  remembered.set(scope, count, Date.now() + LIFE_MS);
}

/** How many rows the planner expects a query to give. */
export async function estimate(
  db: CallerDatabase,
  query: (sql: Sql) => Fragment,
): Promise<number> {
  const [row] = await db.rows((sql) => sql`explain (format json) ${query(sql)}`);
  return plan.parse(row?.["QUERY PLAN"])[0].Plan["Plan Rows"];
}
