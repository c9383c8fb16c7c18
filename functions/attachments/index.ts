/** Files of orders, customers and products: listed, downloaded, deleted. */
import { create as contentDisposition } from "content-disposition";
import {
  attachmentList as attachmentListAnswer,
  attachmentListQuery,
  downloadLink,
  downloadQuery,
  INLINE_TYPES,
} from "../_shared/contracts/files.ts";
import { notFound } from "../_shared/errors.ts";
import { listReply } from "../_shared/list.ts";
import { noContent, ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { presignGet } from "../_shared/s3.ts";
import { attachmentList } from "./list.ts";

const tag = "Files";

/** How long a download may begin after its address was made, in seconds. */
const LINK_SECONDS = 60;

type Kept = { file_name: string; content_type: string; object_key: string };

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
        sql`select file_name, content_type, object_key
          from private.attachment_for_functions(${tenant}, ${params.id}::uuid)
          where status = 'ready'`
      );
      if (file === undefined) throw notFound("There is no such file.");
      const inline = query.inline === "1" && INLINE_TYPES.has(file.content_type);
      const expiresAt = new Date(Date.now() + LINK_SECONDS * 1_000);
      const url = await presignGet({
        key: file.object_key,
        contentType: file.content_type,
        disposition: disposition(file.file_name, inline),
        seconds: LINK_SECONDS,
      });
      return query.redirect === "false"
        ? ok({ url, expires_at: expiresAt.toISOString() })
        : { status: 302, headers: { location: url, "referrer-policy": "no-referrer" } };
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

/** RFC 6266. A name that looks like a path keeps its letters, not its separators. */
function disposition(fileName: string, inline: boolean): string {
  const name = fileName.replace(/[/\\]/g, "_");
  return contentDisposition(name, { type: inline ? "inline" : "attachment" });
}
