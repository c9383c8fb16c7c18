/** The order of a list, and the place of a cursor in it. Ties are broken by id, the same way round. */
import type { Fragment, Sql } from "./context.ts";
import type { Cursor, ListDefinition, ListQuery, Sort } from "./list_definition.ts";

/**
 * What a list is sorted by.
 * @throws Error for what its schema should not have let in.
 */
export function sortOf<Q extends ListQuery>(
  { name, sorts }: ListDefinition<Q>,
  asked: string,
): { sort: Sort; descends: boolean } {
  const sort = sorts[asked.replace(/^-/, "")];
  if (sort === undefined) throw new Error(`${name} cannot be sorted by ${asked}`);
  return { sort, descends: asked.startsWith("-") };
}

/**
 * What follows `order by`.
 * @param reversed the whole order the other way round, missing values included.
 */
export function inOrder(sql: Sql, sort: Sort, descends: boolean, reversed: boolean): Fragment {
  const column = sql(sort.column);
  const way = descends !== reversed ? sql`desc` : sql`asc`;
  if (!sort.nullsLast) return sql`${column} ${way}, id ${way}`;
  const nulls = reversed ? sql`nulls first` : sql`nulls last`;
  return sql`${column} ${way} ${nulls}, id ${way}`;
}

/** The condition for the rows beyond a cursor, in the direction it leads to. */
export function isAfter(sql: Sql, sort: Sort, descends: boolean, cursor: Cursor): Fragment {
  const column = sql(sort.column);
  const onwards = cursor.direction === "next";
  const id = sql`${cursor.id}::uuid`;
  const beyond = descends === onwards ? sql`<` : sql`>`;
  if (cursor.value === null) {
    const amongNulls = sql`${column} is null and id ${beyond} ${id}`;
    return onwards ? sql`(${amongNulls})` : sql`(${column} is not null or (${amongNulls}))`;
  }
  const amongValues = sql`(${column}, id) ${beyond} (${sort.parse(sql, cursor.value)}, ${id})`;
  return sort.nullsLast && onwards ? sql`(${column} is null or ${amongValues})` : amongValues;
}
