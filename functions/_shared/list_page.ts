/** The statements of a list: one page of it, and all that it holds. */
import type { Fragment, Sql } from "./context.ts";
import type { Cursor, ListDefinition, ListQuery, Sort } from "./list_definition.ts";
import { inOrder, isAfter, sortOf } from "./list_order.ts";

/** What a page's statement gives: the documents as text, the ends of the page, and a bounded count. */
export type PageRow = {
  readonly data: string;
  readonly found: number;
  readonly first_value: string | null;
  readonly first_id: string | null;
  readonly last_value: string | null;
  readonly last_id: string | null;
  /** At most 10,001 for each branch (all that a search finds); null when it was not asked for. */
  readonly total: number | null;
  /** The active tenant, when there may be more than was counted. */
  readonly tenant: string | null;
};

/**
 * One page, its JSON written by Postgres. Numbers that never change stand in the text: a statement
 * without parameters is planned once, and planning costs as much as running it.
 * @param counted whether to count as well.
 */
export function pageStatement<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  cursor: Cursor | null,
  counted: boolean,
) {
  const { sort, descends } = sortOf(definition, query.sort);
  // Towards the previous page rows come nearest first, that is in the opposite order.
  const reversed = cursor?.direction === "prev";
  const order = inOrder(sql, sort, descends, reversed);
  const { size, oneMore } = sizes(sql, query.limit);
  // As for any scope: which rows a key's scopes show, their policies say.
  const tenant = sql`(select private.current_tenant('viewer', 'tenant'))`;
  const after = cursor === null ? sql`` : sql`and ${isAfter(sql, sort, descends, cursor)}`;
  const searched = query.q !== undefined;
  const wheres = branchesOf(definition, query).map((branch) =>
    conditions(sql, definition, branch, tenant)
  );

  // A search may find far more than a page: it runs once, and only the page's documents are made.
  const before = searched ? searchedFirst(sql, definition, query, sort, tenant) : sql``;
  const pages = searched
    ? [sql`(select document, ${sql(sort.column)}, id from ${definition.view(sql)}
        where tenant_id = ${tenant} and id = any(array(
          select id from matched where true ${after} order by ${order} limit ${oneMore})))`]
    : wheres.map((where) =>
      sql`(select document, ${sql(sort.column)}, id from ${definition.view(sql)}
        where ${where} ${after} order by ${order} limit ${oneMore})`
    );
  const counts = wheres.map((where) =>
    sql`(select from ${definition.table(sql)} where ${where} limit 10001)`
  );
  const total = searched
    ? sql`(select count(*)::int from matched)`
    : counted
    ? sql`(select count(*)::int from (${unionAll(sql, counts)}) as bounded)`
    : sql`null::int`;

  return sql<PageRow[]>`
    with ${before} page as (
      select document, ${sql(sort.column)}::text as value, id
      from (${unionAll(sql, pages)}) as branches
      order by ${order} limit ${oneMore}
    ), numbered as (
      select *, row_number() over () as place, count(*) over () as found from page
    ), aggregated as (
      select
        coalesce(string_agg(document::text, ',' order by place ${reversed ? sql`desc` : sql``})
          filter (where place <= ${size}), '') as data,
        count(*)::int as found,
        max(value) filter (where place = 1) as first_value,
        max(id::text) filter (where place = 1) as first_id,
        max(value) filter (where place = least(found, ${size})) as last_value,
        max(id::text) filter (where place = least(found, ${size})) as last_id,
        ${total} as total
      from numbered
    )
    select *, ${
    searched ? sql`null::uuid` : sql`case when total > 10000 then ${tenant} end`
  } as tenant
    from aggregated`;
}

/**
 * `matches`, what a search finds, and `matched`, those of them that the list holds, with what it is
 * sorted by: from the search itself when it gives that and nothing else is asked for.
 */
function searchedFirst<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  sort: Sort,
  tenant: Fragment,
): Fragment {
  const column = sql(sort.column);
  const enough = definition.found?.includes(sort.column) === true &&
    definition.filters(sql, query).length === 0;
  const matched = enough
    ? sql`select id, ${column} from matches where ${liveOrTrash(sql, query)}`
    : unionAll(
      sql,
      branchesOf(definition, query).map((branch) =>
        sql`select id, ${column} from ${definition.view(sql)}
        where ${conditions(sql, definition, branch, tenant)}
          and id = any(array(select id from matches))`
      ),
    );
  return sql`
    matches as materialized (${definition.search(sql, query.q ?? "")}),
    matched as materialized (${matched}),`;
}

/** Every row that a list without a search holds, whatever page of it is shown; without columns. */
export function everything<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  tenant: string,
): Fragment {
  return unionAll(
    sql,
    branchesOf(definition, query).map((branch) => {
      const where = conditions(sql, definition, branch, sql`${tenant}::uuid`);
      return sql`(select from ${definition.table(sql)} where ${where})`;
    }),
  );
}

/** The condition that every row of a list fulfils: for who reads the whole list and no page of it. */
export function wholeList<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
): Fragment {
  const branches = branchesOf(definition, query).map((branch) =>
    definition.filters(sql, branch).reduce((before, one) => sql`${before} and ${one}`, sql`true`)
  );
  const either = branches.reduce((before, one) => sql`${before} or (${one})`, sql`false`);
  const found = query.q === undefined ? sql`` : sql`and id = any(array(
    select id from (${definition.search(sql, query.q)}) as matches))`;
  return sql`tenant_id = (select private.current_tenant('viewer', 'tenant'))
    and ${liveOrTrash(sql, query)} and (${either}) ${found}`;
}

function branchesOf<Q extends ListQuery>(definition: ListDefinition<Q>, query: Q): readonly Q[] {
  return definition.branches?.(query) ?? [query];
}

function conditions<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  tenant: Fragment,
): Fragment {
  const all = [liveOrTrash(sql, query), ...definition.filters(sql, query)];
  return all.reduce((before, one) => sql`${before} and ${one}`, sql`tenant_id = ${tenant}`);
}

function liveOrTrash(sql: Sql, query: ListQuery): Fragment {
  return query.deleted === "only" ? sql`deleted_at is not null` : sql`deleted_at is null`;
}

function unionAll(sql: Sql, [first, ...others]: readonly Fragment[]): Fragment {
  return others.reduce((before, one) => sql`${before} union all ${one}`, first ?? sql``);
}

/** A page's size and one more; the usual ones as part of the text. */
function sizes(sql: Sql, limit: number): { size: Fragment; oneMore: Fragment } {
  if (limit === 25) return { size: sql`25`, oneMore: sql`26` };
  if (limit === 50) return { size: sql`50`, oneMore: sql`51` };
  if (limit === 100) return { size: sql`100`, oneMore: sql`101` };
  return { size: sql`${limit}::int`, oneMore: sql`${limit + 1}::int` };
}
