/** What the list of exports can be filtered and sorted by. */
import type { Fragment } from "../_shared/context.ts";
import type { ExportListQuery } from "../_shared/contracts/exports.ts";
import type { ListDefinition } from "../_shared/list_definition.ts";

export const exportList: ListDefinition<ExportListQuery> = {
  name: "exports",
  // There is no trash for exports: they expire.
  view: (sql) =>
    sql`(
      select *, document ->> 'entity' as entity, null as deleted_at
      from private.export_documents) as exports`,
  table: (sql) =>
    sql`(
      select tenant_id, id, entity, status, null as deleted_at from public.exports) as exports`,
  // The query has no `q`.
  search: (sql) => sql`select id from public.exports where false`,
  sorts: {
    created_at: { column: "created_at", parse: (sql, text) => sql`${text}::text::timestamptz` },
  },
  filters(sql, { status, entity }) {
    const conditions: Fragment[] = [];
    if (status !== undefined) conditions.push(sql`status = ${status}::text::public.export_status`);
    if (entity !== undefined) conditions.push(sql`entity = ${entity}::text`);
    return conditions;
  },
};
