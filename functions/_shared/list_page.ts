/** The statements of a list: one page of it, and all that it holds. */
import type { Fragment, Sql } from "./context.ts";
import type { Cursor } from "./cursor.ts";
import type { ListDefinition, ListQuery } from "./list.ts";
import { inOrder, isAfter } from "./list_order.ts";

/** What a page's statement gives: the documents as text, the ends of the page, and a bounded count. */
export type PageRow = {
  readonly data: string;
  readonly found: number;
  readonly first_value: string | null;
  readonly first_id: string | null;
  readonly last_value: string | null;
  readonly last_id: string | null;
  /** At most 10,001 for each branch; null when it was not asked for. */
  readonly total: number | null;
  /** The active tenant, when there is more than is counted. */
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
  const descends = query.sort.startsWith("-");
  const sort = definition.sorts[query.sort.replace(/^-/, "")];
  if (sort === undefined) throw new Error(`${definition.name} cannot be sorted by ${query.sort}`);
  // Towards the previous page rows come nearest first, that is in the opposite order.
  const reversed = cursor?.direction === "prev";
  const order = inOrder(sql, sort, descends, reversed);
  const { size, oneMore } = sizes(sql, query.limit);
  const tenant = sql`(select private.current_tenant('viewer'))`;
  const searched = query.q === undefined ? null : sql`select id from matches`;
  const wheres = branchesOf(definition, query).map((branch) =>
    conditions(sql, definition, branch, tenant, searched)
  );

  const matches = query.q === undefined
    ? sql``
    : sql`matches (id) as materialized (${definition.search(sql, query.q)}),`;
  const after = cursor === null ? sql`` : sql`and ${isAfter(sql, sort, descends, cursor)}`;
  const pages = wheres.map((where) =>
    sql`(select document, ${sql(sort.column)}, id from ${definition.view(sql)}
      where ${where} ${after} order by ${order} limit ${oneMore})`
  );
  const counts = wheres.map((where) =>
    sql`(select from ${definition.table(sql)} where ${where} limit 10001)`
  );
  const total = counted
    ? sql`(select count(*)::int from (${unionAll(sql, counts)}) as bounded)`
    : sql`null::int`;

  return sql<PageRow[]>`
    with ${matches} page as (
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
    select *, case when total > 10000 then private.current_tenant('viewer') end as tenant
    from aggregated`;
}

/** Every row that a list holds, whatever page of it is shown; without columns. */
export function everything<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  tenant: string,
): Fragment {
  const searched = query.q === undefined ? null : definition.search(sql, query.q);
  return unionAll(
    sql,
    branchesOf(definition, query).map((branch) => {
      const where = conditions(sql, definition, branch, sql`${tenant}::uuid`, searched);
      return sql`(select from ${definition.table(sql)} where ${where})`;
    }),
  );
}

function branchesOf<Q extends ListQuery>(definition: ListDefinition<Q>, query: Q): readonly Q[] {
  return definition.branches?.(query) ?? [query];
}

function conditions<Q extends ListQuery>(
  sql: Sql,
  definition: ListDefinition<Q>,
  query: Q,
  tenant: Fragment,
  searched: Fragment | null,
): Fragment {
  const all = [
    query.deleted === "only" ? sql`deleted_at is not null` : sql`deleted_at is null`,
    ...definition.filters(sql, query),
    ...(searched === null ? [] : [sql`id in (${searched})`]),
  ];
  return all.reduce((before, one) => sql`${before} and ${one}`, sql`tenant_id = ${tenant}`);
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
