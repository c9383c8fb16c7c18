/** Exports: how far they are, and where their files can be had. They are asked for at the lists. */
import { create as contentDisposition } from "content-disposition";
import {
  exportDocument,
  exportList as exportListAnswer,
  exportListQuery,
  exportRequested,
} from "../_shared/contracts/exports.ts";
import { notFound } from "../_shared/errors.ts";
import { listReply } from "../_shared/list.ts";
import { ok, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { presignGet } from "../_shared/s3.ts";
import { exportList } from "./list.ts";

const tag = "Exports";
const DOWNLOAD_SECONDS = 300;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pdf: "application/pdf",
};

type ExportRow = {
  readonly document: Readonly<Record<string, unknown>>;
  readonly file_name: string;
  readonly format: string;
  /** Where the file is; null when there is none (any more). */
  readonly key: string | null;
};

type Json = { readonly json: string };

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/exports",
    access: "member",
    tag,
    summary: "List exports",
    description: "Newest first. The address of a file is in the single export.",
    query: exportListQuery,
    answers: { 200: { description: "A page of exports", schema: exportListAnswer } },
    handle: (context) => listReply(exportList, context),
  }),
  route({
    method: "GET",
    path: "/exports/:id",
    access: "member",
    tag,
    summary: "Get an export",
    description: "How far it is; once it succeeded, the address of its file for five minutes.",
    answers: { 200: { description: "The export", schema: exportDocument } },
    handle: async ({ db, params }) => {
      const [row] = await db.rows<ExportRow>((sql) =>
        sql`
          select d.document, e.file_name, e.format,
            case when e.status = 'succeeded' and e.expires_at > now()
              then e.tenant_id || '/exports/' || e.id end as key
          from private.export_documents d
          join public.exports e on e.tenant_id = d.tenant_id and e.id = d.id
          where d.tenant_id = (select private.current_tenant('member', 'exports'))
            and d.id = ${params.id}::uuid`
      );
      if (row === undefined) throw notFound();
      if (row.key === null) return ok(row.document);
      const download_url = await presignGet({
        key: row.key,
        contentType: CONTENT_TYPES[row.format] ?? "application/octet-stream",
        disposition: contentDisposition(row.file_name),
        seconds: DOWNLOAD_SECONDS,
      });
      await db.recordDownload({ entityType: "export", entityId: params.id });
      return ok({ ...row.document, download_url });
    },
  }),
  route({
    method: "POST",
    path: "/exports/:id/cancel",
    access: "member",
    tag,
    summary: "Cancel an export",
    description: "One that runs stops within two seconds and leaves no file. A finished one: 409.",
    answers: { 200: { description: "The export", schema: exportDocument } },
    handle: ({ db, params }) =>
      db.answer<Json>(
        (sql) => sql`select public.cancel_export(${params.id}::uuid)::text as json`,
        ([row]) => okText(row?.json ?? "null"),
      ),
  }),
  route({
    method: "POST",
    path: "/exports/:id/retry",
    access: "member",
    tag,
    summary: "Try an export again",
    description: "One that failed or was cancelled; any other: 409.",
    answers: { 202: { description: "The export, queued again", schema: exportRequested } },
    handle: ({ db, params }) =>
      db.answer<Json>(
        (sql) => sql`select public.retry_export(${params.id}::uuid)::text as json`,
        ([row]) => okText(`{"export":${row?.json}}`, 202),
      ),
  }),
];
