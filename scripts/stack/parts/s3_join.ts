/**
 * Parts of an upload become one object. s3rver copies them through streams and takes the checksum of
 * everything a second time; here, as in S3, the checksum is that of the parts' own.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Store } from "@20minutes/s3rver";
import S3Error from "@20minutes/s3rver/lib/models/error.js";
import { z } from "zod";

/** So much is copied at a time, through one buffer. */
const PIECE_BYTES = 1024 * 1024;

const metadataSchema = z.record(z.string(), z.unknown());

/** Copies files into one, in their order. @returns its size in bytes. */
async function concatenate(sources: readonly string[], target: string): Promise<number> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let size = 0;
  await using out = await open(target, "wx");
  for (const source of sources) {
    await using part = await open(source);
    for (;;) {
      const { bytesRead } = await part.read(piece, 0, piece.length, null);
      if (bytesRead === 0) break;
      await out.writeFile(piece.subarray(0, bytesRead));
      size += bytesRead;
    }
  }
  return size;
}

/** Changes the store's method in place. @throws S3Error for a part that was not sent, or not like this. */
export function joinParts(store: Store): void {
  store.putObjectMultipart = async (bucket, uploadId, parts) => {
    const folder = path.join(store.getResourcePath(bucket, undefined, "uploads"), uploadId);
    const key = await readFile(path.join(folder, "key"), "utf8");
    const metadata = metadataSchema.parse(
      JSON.parse(await readFile(path.join(folder, "metadata"), "utf8")),
    );
    const ordered = parts.toSorted((a, b) => a.number - b.number);
    const checksums = createHash("md5");
    for (const { number, etag } of ordered) {
      const md5 = await readFile(path.join(folder, `${number}.md5`), "utf8").catch(() => undefined);
      if (md5 === undefined || md5 !== etag) {
        throw new S3Error("InvalidPart", "One or more of the specified parts could not be found.");
      }
      checksums.update(md5, "hex");
    }
    const object = store.getResourcePath(bucket, key, "object");
    await mkdir(path.dirname(object), { recursive: true });
    const unfinished = `${object}.${randomUUID()}.part`;
    try {
      const sources = ordered.map(({ number }) => path.join(folder, String(number)));
      const size = await concatenate(sources, unfinished);
      await rename(unfinished, object);
      const md5 = `${checksums.digest("hex")}-${ordered.length}`;
      await store.putMetadata(bucket, key, metadata, md5);
      await rm(folder, { recursive: true });
      return { size, md5 };
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  };
}
