/** What the endpoints of single resources have in common. */
import type { Context, Fragment, Reply, Role, Sql } from "./context.ts";
import { notFound, Problem } from "./errors.ts";
import { conditional, versionTag } from "./etag.ts";

/** A resource as a statement gives it: its JSON text, and what headers need of it. */
export type DocumentRow = {
  readonly json: string;
  readonly id: string;
  readonly version: number;
};

/** `select`s a DocumentRow from a function that returns a resource's JSON. */
export function documentOf(sql: Sql, call: Fragment) {
  return sql<DocumentRow[]>`
    select made::text as json, made ->> 'id' as id, (made ->> 'version')::int as version
    from ${call} as made`;
}

/** `select`s a DocumentRow by id from a resource's view. */
export function documentById(sql: Sql, view: Fragment, id: string) {
  return sql<DocumentRow[]>`
    select document::text as json, id, version
    from ${view}
    where tenant_id = (select private.current_tenant('viewer', 'tenant')) and id = ${id}::uuid`;
}

/** 200 with the resource and its entity tag, 304, or 404. */
export function shown(request: Request, rows: readonly DocumentRow[]): Reply {
  const [row] = rows;
  if (row === undefined) throw notFound();
  return conditional(request, { status: 200, json: row.json }, versionTag(row.version));
}

/** 200 with the resource as it is now. */
export function changed(rows: readonly DocumentRow[]): Reply {
  const { json, version } = only(rows);
  return { status: 200, json, headers: { etag: versionTag(version) } };
}

/** 201 with the new resource and where it is. */
export function created(
  context: Pick<Context, "prefix">,
  collection: string,
  rows: readonly DocumentRow[],
): Reply {
  const { json, id, version } = only(rows);
  const headers = { etag: versionTag(version), location: `${context.prefix}${collection}/${id}` };
  return { status: 201, json, headers };
}

/**
 * The version that a write expects, as an argument for the database; null for any.
 * @throws Problem 412 when `If-Match` names no version at all.
 */
export function expectedVersion(
  sql: Sql,
  { ifMatch }: Context<Role>,
  view: Fragment,
  id: string,
): Fragment {
  if (ifMatch === "any") return sql`null::int`;
  const [first, ...others] = ifMatch.versions;
  if (first === undefined) {
    throw new Problem("version_mismatch", "If-Match names no version; send the ETag as it came.");
  }
  if (others.length === 0) return sql`${first}::int`;
  // Several will do: the present one if it is among them, otherwise one that does not match.
  return sql`coalesce((
    select version from ${view}
    where tenant_id = (select private.current_tenant('viewer', 'tenant')) and id = ${id}::uuid
      and version = any(${[first, ...others]}::int[])), ${first}::int)`;
}

/** Sends a validated body to the database as it is: JSON text, no conversion by the driver. */
export function payload(sql: Sql, body: unknown): Fragment {
  return sql`${JSON.stringify(body)}::text::jsonb`;
}

function only(rows: readonly DocumentRow[]): DocumentRow {
  const [row] = rows;
  if (row === undefined) throw new Error("the database gave no document");
  return row;
}
