/** What a list is made of. Types only: the worker reads the same lists. */
import type { Fragment, Sql } from "./context.ts";

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
  /** The table behind it, which counting needs no more than; it has the filters' columns too. */
  readonly table: (sql: Sql) => Fragment;
  /** What `sort` may say, without its `-`. */
  readonly sorts: Readonly<Record<string, Sort>>;
  /** A query for what matches a search: its `id`, and what `found` names. */
  readonly search: (sql: Sql, q: string) => Fragment;
  /** Columns of the search beside the id, deleted_at first: a list sorted by one of the others then
   * looks at no more rows than it shows. */
  readonly found?: readonly string[];
  /** The resource's own conditions; only those that are asked for. */
  readonly filters: (sql: Sql, query: Q) => Fragment[];
  /** Disjoint queries that are the query together, where each has an index and the whole has none. */
  readonly branches?: (query: Q) => readonly Q[];
};

/** A column to sort by. */
export type Sort = {
  readonly column: string;
  /** A value of that column from a cursor's text. Cast through text: the driver rounds times. */
  readonly parse: (sql: Sql, text: string) => Fragment;
  /** Rows without a value come last, whichever way the others go. */
  readonly nullsLast?: boolean;
};

/** A place in a list: the row it stands at, and the direction it leads to. */
export type Cursor = {
  readonly direction: "next" | "prev";
  /** The row's sort value as the database writes it; null sorts last. */
  readonly value: string | null;
  readonly id: string;
};
