/** The audit log of the active tenant: read, taken away as CSV, kept for so long, its values erased. */
import { create as contentDisposition } from "content-disposition";
import { z } from "zod";
import { isServiceKey } from "../_shared/api_keys.ts";
import { recordRefusedWrite } from "../_shared/audit.ts";
import * as contract from "../_shared/contracts/audit.ts";
import { notFound } from "../_shared/errors.ts";
import { listReply } from "../_shared/list.ts";
import { ok, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { toldHeaders } from "../_shared/told_headers.ts";
import { auditCsv } from "./csv.ts";
import { auditList } from "./list.ts";

const tag = "Audit";

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/audit",
    access: "admin",
    tag,
    summary: "Who did what",
    description: "Newest first.",
    query: contract.auditListQuery,
    answers: { 200: { description: "A page of entries", schema: contract.auditList } },
    handle: (context) => listReply(auditList, context),
  }),

  route({
    method: "GET",
    path: "/audit/export",
    access: "admin",
    tag,
    summary: "The log as CSV",
    description: "All entries of the query, newest first, streamed. Is itself in the log.",
    query: contract.auditExportQuery,
    answers: {
      200: { description: "The file", schema: z.string(), contentType: "text/csv" },
    },
    async handle({ db, query }) {
      const today = new Date().toISOString().slice(0, 10);
      const asked = Object.fromEntries(
        Object.entries(query).map(([name, value]) => [name, `${value}`]),
      );
      await db.recordDownload({ entityType: "audit_log", entityId: "", metadata: asked });
      return {
        status: 200,
        headers: {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": contentDisposition(`audit-${today}.csv`),
        },
        stream: auditCsv(db, query),
      };
    },
  }),

  route({
    method: "GET",
    path: "/audit/retention",
    access: "admin",
    tag,
    summary: "How long the log is kept",
    answers: { 200: { description: "In days", schema: contract.auditRetention } },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select public.audit_retention()::text as json`
      );
      return okText(row?.json ?? "null");
    },
  }),

  route({
    method: "PUT",
    path: "/audit/retention",
    access: "owner",
    tag,
    summary: "Change how long the log is kept",
    description: "Older entries are deleted within a day; the chain of hashes goes on from there.",
    body: contract.auditRetentionChange,
    answers: { 200: { description: "As it is now", schema: contract.auditRetention } },
    handle: ({ db, body }) =>
      db.answer<{ json: string }>(
        (sql) => sql`select public.set_audit_retention(${body.days})::text as json`,
        ([row]) => okText(row?.json ?? "null"),
      ),
  }),

  route({
    method: "POST",
    path: "/audit/refusals",
    access: "caller",
    tag,
    summary: "A write that /rest/v1 refused",
    description:
      "For the gateway alone, which sends the caller's token and the service key as `apikey`: what PostgREST refuses it rolls back, with all that could be noted there.",
    body: contract.refusedWrite,
    answers: { 204: { description: "It is noted, if the caller belongs to the tenant." } },
    async handle({ request, requestId, caller, body }) {
      if (!await isServiceKey(request.headers.get("apikey") ?? "")) throw notFound();
      const headers = JSON.stringify(toldHeaders(request, requestId));
      await recordRefusedWrite({ claims: caller.claims, headers }, body);
      return { status: 204 };
    },
  }),

  route({
    method: "POST",
    path: "/audit/erase",
    access: "owner",
    tag,
    summary: "Erase the values in a record's entries",
    description:
      "For good, with those of its parts: that something happened stays, and the chain of hashes holds.",
    body: contract.auditErase,
    answers: { 200: { description: "How many entries", schema: contract.auditErased } },
    handle: ({ db, body }) =>
      db.answer<{ entries: number }>(
        (sql) => sql`select public.erase_audit(${body.entity_type}, ${body.entity_id}) as entries`,
        ([row]) => ok({ entries: row?.entries ?? 0 }),
      ),
  }),
];
