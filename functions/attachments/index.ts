/** Files: listed, downloaded, looked at, deleted. */
import { create as contentDisposition } from "content-disposition";
import {
  attachmentList as attachmentListAnswer,
  attachmentListQuery,
  downloadLink,
  downloadQuery,
  INLINE_TYPES,
  previewQuery,
} from "../_shared/contracts/files.ts";
import { notFound } from "../_shared/errors.ts";
import { listReply } from "../_shared/list.ts";
import { noContent, ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { type Download, presignGet } from "../_shared/s3.ts";
import type { Reply } from "../_shared/context.ts";
import { attachmentList } from "./list.ts";

const tag = "Files";

/** How long a download may begin after its address was made, in seconds. */
const LINK_SECONDS = 60;

type Kept = { file_name: string; content_type: string; object_key: string; of: string };

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/attachments",
    access: "viewer",
    tag,
    summary: "List the files of a record",
    description: "Those whose upload is complete. A record in the trash still shows its files.",
    query: attachmentListQuery,
    answers: { 200: { description: "A page of files", schema: attachmentListAnswer } },
    handle: async (context) => {
      const { db, query: { entity_type, entity_id } } = context;
      const [row] = await db.asFunctions<{ state: string | null }>((sql, tenant) =>
        sql`select private.record_state(${tenant}, ${entity_type}, ${entity_id}::uuid) as state`
      );
      if (!row?.state) throw notFound("There is no such record.");
      return await listReply(attachmentList, context);
    },
  }),
  route({
    method: "GET",
    path: "/attachments/:id/download",
    access: "viewer",
    tag,
    summary: "Download a file",
    description: "Leads to an address of the object store that is good for a minute.",
    query: downloadQuery,
    answers: {
      200: { description: "The address, with redirect=false", schema: downloadLink },
      302: { description: "Found there" },
    },
    handle: async ({ db, params, query }) => {
      const [file] = await db.asFunctions<Kept>((sql, tenant) =>
        sql`select file_name, content_type, object_key, entity_type || ':' || entity_id as of
          from private.attachment_for_functions(${tenant}, ${params.id}::uuid)
          where status = 'ready'`
      );
      if (file === undefined) throw notFound("There is no such file.");
      await db.recordDownload({
        entityType: "attachment",
        entityId: params.id,
        metadata: { of: file.of },
      });
      const inline = query.inline === "1" && INLINE_TYPES.has(file.content_type);
      return await linkTo({
        key: file.object_key,
        contentType: file.content_type,
        disposition: disposition(file.file_name, inline),
      }, query.redirect !== "false");
    },
  }),
  route({
    method: "GET",
    path: "/attachments/:id/preview",
    access: "viewer",
    tag,
    summary: "Look at a file's preview",
    description:
      "A WebP of at most 800 pixels, of a picture or of a PDF's first page, made soon after the upload. " +
      "Leads to an address of the object store that is good for a minute.",
    query: previewQuery,
    answers: {
      200: { description: "The address, with redirect=false", schema: downloadLink },
      302: { description: "Found there" },
    },
    handle: async ({ db, params, query }) => {
      const [preview] = await db.asFunctions<{ key: string }>((sql, tenant) =>
        sql`select private.preview_key(${tenant}, id) as key
          from private.attachment_for_functions(${tenant}, ${params.id}::uuid)
          where preview = 'ready'`
      );
      if (preview === undefined) throw notFound("There is no preview of this file.");
      return await linkTo({
        key: preview.key,
        contentType: "image/webp",
        disposition: "inline",
      }, query.redirect !== "false");
    },
  }),
  route({
    method: "DELETE",
    path: "/attachments/:id",
    access: "member",
    tag,
    summary: "Delete a file",
    answers: { 204: { description: "It is gone" } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.delete_attachment(${params.id}::uuid)`, noContent),
  }),
];

/** Leads to an object of the store, or says where it is. */
async function linkTo(what: Omit<Download, "seconds">, redirect: boolean): Promise<Reply> {
  const expiresAt = new Date(Date.now() + LINK_SECONDS * 1_000);
  const url = await presignGet({ ...what, seconds: LINK_SECONDS });
  return redirect
    ? { status: 302, headers: { location: url, "referrer-policy": "no-referrer" } }
    : ok({ url, expires_at: expiresAt.toISOString() });
}

/** RFC 6266. A name that looks like a path keeps its letters, not its separators. */
function disposition(fileName: string, inline: boolean): string {
  const name = fileName.replace(/[/\\]/g, "_");
  return contentDisposition(name, { type: inline ? "inline" : "attachment" });
}
