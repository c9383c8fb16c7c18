/**
 * The one mechanism of every list: filters and sort as fragments, keyset pages in both directions,
 * the page's JSON built by Postgres and passed on as text.
 */
import type { Context, Reply, Role } from "./context.ts";
import type { Page } from "./contracts/common.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { conditional, weakTag } from "./etag.ts";
import type { Cursor, ListDefinition, ListQuery } from "./list_definition.ts";
import { everything, type PageRow, pageStatement } from "./list_page.ts";
import { estimate, rememberedTotal, rememberTotal } from "./list_total.ts";

/** Up to here a list's total is counted (list_page.ts); beyond, it is the planner's estimate. */
const MAX_COUNTED = 10_000;

/**
 * Answers a list's GET, or 304.
 * @throws Problem 400 invalid_query for a cursor that does not belong here.
 */
export async function listReply<Q extends ListQuery>(
  definition: ListDefinition<Q>,
  context: Context<Role, unknown, Q>,
): Promise<Reply> {
  const { query, db, caller, request } = context;
  const { limit, cursor: token, ...asked } = query;
  const binding = JSON.stringify([definition.name, asked]);
  const cursor = token === undefined ? null : readCursor(token, binding);
  const scope = [caller.id, request.headers.get("x-tenant-id"), binding].join(" ");
  const known = rememberedTotal(scope);

  const [row] = await db.rows<PageRow>((sql) =>
    pageStatement(sql, definition, query, cursor, known === undefined)
  );
  if (row === undefined) throw new Error("an aggregate without a row");
  let total: Page["total"];
  if (known !== undefined) {
    total = { count: known, kind: "estimated" };
  } else if (row.tenant !== null) {
    const { tenant } = row;
    const planned = await estimate(db, (sql) => everything(sql, definition, query, tenant));
    const count = Math.max(MAX_COUNTED + 1, planned);
    rememberTotal(scope, count);
    total = { count, kind: "estimated" };
  } else {
    total = { count: row.total ?? 0, kind: "exact" };
  }

  const page: Page = { limit, ...cursorsOf(row, cursor, limit, binding), total };
  const json = `{"data":[${row.data}],"page":${JSON.stringify(page)}}`;
  return conditional(request, { status: 200, json }, weakTag(json));
}

/** The cursors around a page; null where there is nothing more that way. */
function cursorsOf(
  row: PageRow,
  cursor: Cursor | null,
  limit: number,
  binding: string,
): Pick<Page, "next_cursor" | "prev_cursor"> {
  const { first_id, first_value, last_id, last_value } = row;
  if (first_id === null || last_id === null) return { next_cursor: null, prev_cursor: null };
  const backwards = cursor?.direction === "prev";
  const onwards = row.found > limit;
  // Where this page came from there is always something; ahead of it only if a row was left over.
  const hasNext = backwards || onwards;
  const hasPrev = backwards ? onwards : cursor !== null;
  const [top, bottom] = backwards
    ? [{ value: last_value, id: last_id }, { value: first_value, id: first_id }]
    : [{ value: first_value, id: first_id }, { value: last_value, id: last_id }];
  return {
    next_cursor: hasNext ? writeCursor({ direction: "next", ...bottom }, binding) : null,
    prev_cursor: hasPrev ? writeCursor({ direction: "prev", ...top }, binding) : null,
  };
}
