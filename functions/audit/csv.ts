/** The audit log as CSV (RFC 4180): read and sent a piece at a time, however long it is. */
import type { AuditEntry, AuditExportQuery } from "../_shared/contracts/audit.ts";
import type { CallerDatabase } from "../_shared/context.ts";
import { auditFilters } from "./list.ts";

const PIECE = 1_000;

const COLUMNS: Readonly<Record<string, (entry: AuditEntry) => string | null | undefined>> = {
  at: ({ at }) => at,
  actor_kind: ({ actor }) => actor.kind,
  actor_id: ({ actor }) => actor.id,
  actor_email: ({ actor }) => actor.email,
  action: ({ action }) => action,
  entity_type: ({ entity_type }) => entity_type,
  entity_id: ({ entity_id }) => entity_id,
  changes: ({ changes }) => JSON.stringify(changes),
  door: ({ metadata }) => typeof metadata["door"] === "string" ? metadata["door"] : null,
  ip: ({ ip }) => ip,
  user_agent: ({ user_agent }) => user_agent,
  request_id: ({ request_id }) => request_id,
  metadata: ({ metadata }) => JSON.stringify(metadata),
  id: ({ id }) => id,
};

type Piece = { entries: AuditEntry[] | null; last: string | null };

/** The rows of a query as they are read; whoever stops listening stops the reading. */
export function auditCsv(
  db: CallerDatabase,
  query: AuditExportQuery,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let after: string | null = null;
  return new ReadableStream({
    start: (controller) =>
      controller.enqueue(encoder.encode(`${Object.keys(COLUMNS).join(",")}\r\n`)),
    async pull(controller) {
      const piece: Piece | undefined = await readPiece(db, query, after);
      const entries = piece?.entries ?? [];
      if (entries.length > 0) controller.enqueue(encoder.encode(entries.map(line).join("")));
      after = piece?.last ?? null;
      if (entries.length < PIECE) controller.close();
    },
  }, { highWaterMark: 1 });
}

async function readPiece(db: CallerDatabase, query: AuditExportQuery, after: string | null) {
  const [piece] = await db.rows<Piece>((sql) => {
    const conditions = auditFilters(sql, query);
    if (after !== null) conditions.push(sql`id < ${after}::text::uuid`);
    const where = conditions.reduce((before, one) => sql`${before} and ${one}`, sql`true`);
    return sql`
      select json_agg(document order by id desc) as entries, min(id::text) as last
      from (
        select id, document from private.audit_documents
        where tenant_id = (select private.current_tenant('admin')) and ${where}
        order by id desc limit ${PIECE}) as piece`;
  });
  return piece;
}

function line(entry: AuditEntry): string {
  const cells = Object.values(COLUMNS).map((read) => cell(read(entry) ?? ""));
  return `${cells.join(",")}\r\n`;
}

/** What a spreadsheet would run as a formula is made text. */
function cell(text: string): string {
  const safe = /^[\t\n\r+\-=@＋－＝＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
