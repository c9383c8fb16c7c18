import { DeleteObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { ObjectStore } from "./s3.ts";

/**
 * Deletes the objects under a prefix that were last written before a time.
 * @returns how many.
 */
export async function deleteOlder(
  { client, bucket }: ObjectStore,
  prefix: string,
  before: Date,
): Promise<number> {
  let deleted = 0;
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
  for await (const { Contents = [] } of pages) {
    for (const { Key, LastModified } of Contents) {
      if (LastModified === undefined || LastModified >= before) continue;
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      deleted++;
    }
  }
  return deleted;
}
