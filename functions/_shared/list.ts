/**
 * The one mechanism of every list: filters and sort as fragments, keyset pages in both directions,
 * the page's JSON built by Postgres and passed on as text.
 */
import type { Context, Fragment, Reply, Role, Sql } from "./context.ts";
import type { Page } from "./contracts/common.ts";
import { type Cursor, readCursor, writeCursor } from "./cursor.ts";
import { conditional, weakTag } from "./etag.ts";
import { inOrder, isAfter, type Sort } from "./list_order.ts";
import { estimate, rememberedTotal, rememberTotal } from "./list_total.ts";

/** Up to here a list's total is counted; beyond, it is the planner's estimate. */
const MAX_COUNTED = 10_000;

/** What every list's query has. */
export type ListQuery = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly deleted?: "only" | undefined;
  readonly q?: string | undefined;
  readonly sort: string;
};

/** What a resource says about its list. */
export type ListDefinition<Q extends ListQuery> = {
  /** Names the list; cursors are bound to it. */
  readonly name: string;
  /** The view with `tenant_id, id, deleted_at, document` and the columns of filters and sorts. */
  readonly view: (sql: Sql) => Fragment;
  /** What `sort` may say, without its `-`. */
  readonly sorts: Readonly<Record<string, Sort>>;
  /** A set of ids that match a search. */
  readonly search: (sql: Sql, q: string) => Fragment;
  /** The resource's own conditions; only those that are asked for. */
  readonly filters: (sql: Sql, query: Q) => Fragment[];
};

type PageRow = {
  readonly data: string;
  readonly found: number;
  readonly first_value: string | null;
  readonly first_id: string | null;
  readonly last_value: string | null;
  readonly last_id: string | null;
  readonly total: number | null;
  readonly tenant: string | null;
};

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
  } else if (row.total !== null && row.total > MAX_COUNTED) {
    const count = Math.max(
      MAX_COUNTED + 1,
      await estimate(db, (sql) => matching(sql, definition, query, sql`${row.tenant}::uuid`)),
    );
    rememberTotal(scope, count);
    total = { count, kind: "estimated" };
  } else {
    total = { count: row.total ?? 0, kind: "exact" };
  }

  const page: Page = { limit, ...cursorsOf(row, cursor, limit, binding), total };
  const json = `{"data":[${row.data}],"page":${JSON.stringify(page)}}`;
  return conditional(request, { status: 200, json }, weakTag(json));
}

/** `from … where …`: what the list holds, whatever page of it is shown. */
function matching<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  tenant: Fragment,
): Fragment {
  const conditions = definition.filters(sql, query);
  if (query.q !== undefined) conditions.push(sql`id in (${definition.search(sql, query.q)})`);
  return sql`
    from ${definition.view(sql)}
    where tenant_id = ${tenant}
      and ${query.deleted === "only" ? sql`deleted_at is not null` : sql`deleted_at is null`}
      ${conditions.reduce((all, one) => sql`${all} and ${one}`, sql``)}`;
}

/** One row: the page's documents as text, the ends of the page, and (if wanted) the bounded count. */
function pageStatement<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  cursor: Cursor | null,
  counted: boolean,
) {
  const { limit } = query;
  const descends = query.sort.startsWith("-");
  const sort = definition.sorts[query.sort.replace(/^-/, "")];
  if (sort === undefined) throw new Error(`${definition.name} cannot be sorted by ${query.sort}`);
  // Towards the previous page rows come nearest first, that is in the opposite order.
  const reversed = cursor?.direction === "prev";
  const within = matching(sql, definition, query, sql`(select private.current_tenant('viewer'))`);
  const total = counted
    ? sql`(select count(*)::int from (select ${within} limit ${MAX_COUNTED + 1}) as counted)`
    : sql`null::int`;
  return sql<PageRow[]>`
    with page as (
      select document, ${sql(sort.column)}::text as value, id
      ${within} ${cursor === null ? sql`` : sql`and ${isAfter(sql, sort, descends, cursor)}`}
      order by ${inOrder(sql, sort, descends, reversed)}
      limit ${limit + 1}
    ), numbered as (
      select *, row_number() over () as place, count(*) over () as found from page
    ), aggregated as (
      select
        coalesce(string_agg(document::text, ',' order by place ${reversed ? sql`desc` : sql``})
          filter (where place <= ${limit}), '') as data,
        count(*)::int as found,
        max(value) filter (where place = 1) as first_value,
        max(id::text) filter (where place = 1) as first_id,
        max(value) filter (where place = least(found, ${limit})) as last_value,
        max(id::text) filter (where place = least(found, ${limit})) as last_id,
        ${total} as total
      from numbered
    )
    select *, case when total > ${MAX_COUNTED} then private.current_tenant('viewer') end as tenant
    from aggregated`;
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
