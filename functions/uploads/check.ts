/**
 * The check of a finished upload. Its address can be written to until it expires, so the object is
 * copied to where only we can write, the copy is looked at, and the copy is what is kept.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { CallerDatabase } from "../_shared/context.ts";
import { notFound, Problem } from "../_shared/errors.ts";
import { log } from "../_shared/log.ts";
import { copyObject, deleteObject, getObject, headObject } from "../_shared/s3.ts";
import { contentFits, SAMPLE_BYTES } from "./content.ts";

const begun = z.discriminatedUnion("status", [
  z.object({ status: z.literal("ready") }),
  z.object({
    status: z.literal("pending"),
    upload_key: z.string(),
    object_key: z.string(),
    content_type: z.string(),
    byte_size: z.int(),
    sha256: z.string().nullable(),
  }),
]);
type Promised = Extract<z.infer<typeof begun>, { status: "pending" }>;

/**
 * Makes a pending attachment ready if what was uploaded is what was promised; one that is ready stays
 * as it is. What does not fit is deleted; the upload may be tried again while its address holds.
 * @throws Problem 404 not_found, 409 upload_mismatch, 409 conflict when another check is under way or
 * the record is in the trash, 503 unavailable.
 */
export async function checkUpload(db: CallerDatabase, id: string): Promise<void> {
  const [row] = await db.asFunctions<{ begun: unknown }>((sql, tenant) =>
    sql`select private.begin_check(${tenant}, ${id}::uuid) as begun`
  );
  if (!row?.begun) throw notFound("There is no such upload.");
  const promised = begun.parse(row.begun);
  if (promised.status === "ready") return;

  const fault = await faultOf(promised);
  if (fault !== null) {
    await Promise.all([deleteObject(promised.upload_key), deleteObject(promised.object_key)]);
    throw new Problem(
      "upload_mismatch",
      fault,
      fault === OTHER_CONTENT ? { errors: [OF_TYPE] } : {},
    );
  }
  const [settled] = await db.asFunctions<{ done: boolean }>((sql, tenant) =>
    sql`select private.settle_attachment(
      ${tenant}, ${id}::uuid, ${promised.object_key}) as done`
  );
  if (settled?.done !== true) {
    await deleteObject(promised.object_key);
    throw overtaken();
  }
  await deleteObject(promised.upload_key).catch((error: unknown) =>
    log.warn({ attachment: id, err: String(error) }, "an upload is left behind; it is swept later")
  );
}

const OTHER_CONTENT = "The object's content is of another type.";
/** The one fault that the same file has every time. */
const OF_TYPE = { path: "content_type", code: "mismatch", message: OTHER_CONTENT };

const overtaken = () =>
  new Problem("conflict", "This upload is being checked, or was deleted, by somebody else.");

/**
 * Copies the upload and looks at the copy; null when all is as promised.
 * @throws Problem 409 conflict when the copy is gone: a later check has had it deleted.
 */
async function faultOf(promised: Promised): Promise<string | null> {
  const { upload_key, object_key, content_type, byte_size, sha256 } = promised;
  const uploaded = await headObject(upload_key);
  if (uploaded === null) return "Nothing has been uploaded yet.";
  if (uploaded.contentType !== content_type) return "The object was uploaded as another type.";
  if (uploaded.byteSize !== byte_size) return "The object has another size than promised.";

  const copied = await copyObject(upload_key, object_key, content_type);
  const kept = copied ? await headObject(object_key) : null;
  if (kept === null) throw overtaken();
  if (kept.byteSize !== byte_size) return "The object changed while it was looked at.";
  const { sample, hash } = await read(object_key, byte_size, sha256 !== null);
  if (sha256 !== null && hash !== sha256) return "The object has another SHA-256 than promised.";
  if (!await contentFits(sample, content_type)) return OTHER_CONTENT;
  return null;
}

/** The first bytes of an object; with its checksum it is read to the end, without ever being held. */
async function read(
  key: string,
  byteSize: number,
  whole: boolean,
): Promise<{ sample: Uint8Array; hash: string }> {
  const hash = createHash("sha256");
  const sample = new Uint8Array(Math.min(byteSize, SAMPLE_BYTES));
  // An empty object has no range that could be asked for.
  if (byteSize === 0) return { sample, hash: hash.digest("hex") };
  const stream = await getObject(key, whole ? undefined : SAMPLE_BYTES);
  if (stream === null) throw overtaken();
  let length = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    if (length < sample.length) sample.set(chunk.subarray(0, sample.length - length), length);
    length += chunk.length;
  }
  return { sample, hash: hash.digest("hex") };
}
