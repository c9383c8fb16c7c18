/** What the list of a record's files can be asked for. */
import type { AttachmentListQuery } from "../_shared/contracts/files.ts";
import type { ListDefinition } from "../_shared/list_definition.ts";

export const attachmentList: ListDefinition<AttachmentListQuery> = {
  name: "attachments",
  view: (sql) => sql`private.attachment_documents`,
  table: (sql) => sql`private.attachment_documents`,
  // Its query has no `q`.
  search: (sql) => sql`select null::uuid as id where false`,
  sorts: {
    created_at: { column: "created_at", parse: (sql, text) => sql`${text}::text::timestamptz` },
  },
  filters: (sql, { entity_type, entity_id }) => [
    sql`entity_type = ${entity_type}`,
    sql`entity_id = ${entity_id}::uuid`,
    sql`status = 'ready'`,
  ],
};
