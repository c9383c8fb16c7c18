/** What the audit log can be filtered by. */
import type { Fragment, Sql } from "../_shared/context.ts";
import {
  AUDIT_ACTIONS,
  type AuditAction,
  type AuditExportQuery,
  type AuditListQuery,
} from "../_shared/contracts/audit.ts";
import { momentOf, notAfter, notBefore } from "../_shared/list_days.ts";
import type { ListDefinition } from "../_shared/list_definition.ts";

/** Words of ours: in the text of a statement, so that an index of some actions can be chosen. */
const literals = new Map(AUDIT_ACTIONS.map((action) => [action, `'${action}'`]));

const literal = (sql: Sql, action: AuditAction) => sql.unsafe(literals.get(action) ?? "null");

export const auditList: ListDefinition<AuditListQuery> = {
  name: "audit",
  view: (sql) => sql`private.audit_documents`,
  table: (sql) => sql`private.audit_documents`,
  // The query has no `q`.
  search: (sql) => sql`select id from audit.entries where false`,
  sorts: { at: { column: "moment", parse: (sql, id) => sql`${id}::text::uuid` } },
  filters: auditFilters,
};

/** The conditions of a query; only those that are asked for. */
export function auditFilters(sql: Sql, query: AuditExportQuery): Fragment[] {
  const { entity_type, entity_id, actor_id, action, from, to } = query;
  const conditions: Fragment[] = [];
  if (entity_type !== undefined) conditions.push(sql`entity_type = ${entity_type}::text`);
  if (entity_id !== undefined) conditions.push(sql`entity_id = ${entity_id}::text`);
  if (actor_id !== undefined) conditions.push(sql`actor_id = ${actor_id}::text`);
  if (action !== undefined) conditions.push(sql`action = ${literal(sql, action)}`);
  // Ids have an index and months. Theirs is the time of writing, `at` that of the transaction's begin.
  if (from !== undefined) {
    conditions.push(notBefore(sql, sql`at`, from));
    conditions.push(sql`id >= private.first_uuid_v7(${momentOf(sql, from)})`);
  }
  if (to !== undefined) {
    const end = momentOf(sql, to, { after: true });
    conditions.push(notAfter(sql, sql`at`, to));
    conditions.push(sql`id < private.first_uuid_v7(${end} + interval '1 day')`);
  }
  return conditions;
}
