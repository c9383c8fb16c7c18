import { Readable } from "node:stream";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import { drawPreview } from "./previews/draw.ts";
import { objectStore } from "./s3.ts";
import { defineTask } from "./task.ts";

type Begun = {
  object_key: string;
  preview_key: string;
  state: "none" | "pending" | "ready";
  content_type: string;
  is_logo: boolean;
};

/**
 * Makes the preview of a file. One that cannot be drawn has none, and nobody is troubled with it. The
 * preview's key is always the same: an attempt that died leaves nothing that the next does not replace.
 */
export const makePreview = defineTask({
  payload: z.object({ tenant_id: z.guid(), attachment_id: z.guid() }),
  async run({ tenant_id, attachment_id }, { sql, signal, log }) {
    const [row] = await sql<{ begun: Begun | null }[]>`
      select private.begin_preview(${tenant_id}, ${attachment_id}) as begun`;
    if (!row?.begun) {
      // Deleted after an earlier attempt had stored it, perhaps.
      await remove(`${tenant_id}/preview/${attachment_id}`);
      return;
    }
    const { object_key, preview_key, state, content_type, is_logo } = row.begun;
    if (state !== "pending") return;
    const drawn = await drawPreview({
      source: await read(object_key),
      contentType: content_type,
      purpose: is_logo ? "logo" : "file",
      signal,
    });
    const made = "preview" in drawn;
    if (made) await store(preview_key, drawn.preview);
    else log.warn({ attachment_id, reason: drawn.reason }, "there is no preview of this file");
    const [finished] = await sql<{ kept: boolean }[]>`
      select private.finish_preview(${tenant_id}, ${attachment_id}, ${made}) as kept`;
    if (made && finished?.kept !== true) await remove(preview_key);
  },
});

async function read(key: string): Promise<Readable> {
  const { client, bucket } = objectStore();
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!(Body instanceof Readable)) throw new Error("The file store gave no bytes.");
  return Body;
}

async function store(key: string, preview: Buffer): Promise<void> {
  const { client, bucket } = objectStore();
  await client.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: preview, ContentType: "image/webp" }),
  );
}

async function remove(key: string): Promise<void> {
  const { client, bucket } = objectStore();
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}
