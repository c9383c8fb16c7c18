/** Uploads: announced here, sent straight to the object store, checked here. */
import { z } from "zod";
import {
  attachment,
  FILE_TYPES,
  type PresignedUpload,
  presignedUpload,
  uploadAnnouncement,
} from "../_shared/contracts/files.ts";
import { env } from "../_shared/env.ts";
import { notFound, Problem } from "../_shared/errors.ts";
import { okText } from "../_shared/replies.ts";
import { payload } from "../_shared/resource.ts";
import { type Route, route } from "../_shared/route.ts";
import { presignPut } from "../_shared/s3.ts";
import { checkUpload } from "./check.ts";

const tag = "Files";

const announced = z.object({ attachment_id: z.uuid(), upload_key: z.string() });

/** Checks under way, so that a second click waits for the first. */
const underWay = new Map<string, Promise<void>>();

export const routes: Route[] = [
  route({
    method: "POST",
    path: "/uploads/presign",
    access: "member",
    tag,
    summary: "Announce an upload",
    description:
      "Answers with an address to PUT the bytes to, which takes exactly the announced size and type. " +
      "Then complete it. What is not completed within a day is forgotten.",
    body: uploadAnnouncement,
    answers: { 201: { description: "Where to send the bytes", schema: presignedUpload } },
    handle: async ({ db, body }) => {
      const { content_type, byte_size } = body;
      if (!FILE_TYPES.has(content_type)) {
        throw new Problem("unsupported_media_type", "Files of this type are not taken.", {
          errors: [{ path: "content_type", code: "unsupported", message: "Not taken." }],
        });
      }
      if (byte_size > env.MAX_UPLOAD_BYTES) {
        throw new Problem("too_large", `A file may have ${env.MAX_UPLOAD_BYTES} bytes at most.`, {
          errors: [{ path: "byte_size", code: "too_big", message: "Too large." }],
        });
      }
      const reply = await db.answer<{ json: string }>(
        (sql) => sql`select public.create_attachment(${payload(sql, body)})::text as json`,
        ([row]) => okText(row?.json ?? "", 201),
      );
      // The address is signed outside what an Idempotency-Key keeps: it opens the store.
      const { attachment_id, upload_key } = announced.parse(JSON.parse(reply.json ?? ""));
      const { url, headers, expiresAt } = await presignPut({
        key: upload_key,
        contentType: content_type,
        byteSize: byte_size,
        seconds: env.UPLOAD_URL_SECONDS,
      });
      const answer: PresignedUpload = {
        attachment_id,
        method: "PUT",
        url,
        headers,
        expires_at: expiresAt.toISOString(),
      };
      return { ...reply, json: JSON.stringify(answer) };
    },
  }),
  route({
    method: "POST",
    path: "/uploads/:attachment_id/complete",
    access: "member",
    tag,
    summary: "Complete an upload",
    description:
      "Holds the object against its announcement: size, type (also by its first bytes) and SHA-256, " +
      "if one was given. One that does not fit is deleted.",
    answers: { 200: { description: "The file, ready", schema: attachment } },
    handle: async ({ db, params, caller, request }) => {
      const id = params.attachment_id.toLowerCase();
      const key = [caller.id, request.headers.get("x-tenant-id"), id].join(" ");
      await once(key, () => checkUpload(db, id));
      return await db.answer(
        (sql) =>
          sql<{ json: string }[]>`
            select document::text as json from private.attachment_documents
            where tenant_id = (select private.current_tenant('viewer', 'tenant')) and id = ${id}::uuid`,
        ([row]) => {
          if (row === undefined) throw notFound("There is no such upload.");
          return okText(row.json);
        },
      );
    },
  }),
];

/** Runs a check, or waits for the one that runs already. */
function once(key: string, check: () => Promise<void>): Promise<void> {
  const running = underWay.get(key);
  if (running !== undefined) return running;
  const started = check().finally(() => underWay.delete(key));
  underWay.set(key, started);
  return started;
}
