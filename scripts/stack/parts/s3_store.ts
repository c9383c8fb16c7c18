/** s3rver's folder made safe: no path leaves it, and a broken upload leaves the old object whole. */
import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Listing, Store } from "@20minutes/s3rver";
import { S3Refusal } from "./s3_guard.ts";

/** How many objects are looked at together, each an open file. */
const PAGE = 500;

/**
 * Changes the store's methods in place. A list comes whole, whatever `max-keys` says: s3rver makes
 * the token of a next page with a cipher (DES) that OpenSSL 3 has no more.
 */
export function hardenStore(store: Store, directory: string): void {
  const root = path.resolve(directory) + path.sep;
  const inside = (resolved: string) => {
    // The guard reads requests; keys in a DeleteObjects body arrive here only.
    if (!path.resolve(resolved).startsWith(root)) {
      throw new S3Refusal(400, "InvalidURI", "A key may not lead out of its bucket.");
    }
    return resolved;
  };

  const resourcePath = store.getResourcePath.bind(store);
  store.getResourcePath = (bucket, key, resource) => {
    const resolved = inside(resourcePath(bucket, key, resource));
    const bucketRoot = path.resolve(directory, bucket) + path.sep;
    if (!path.resolve(resolved).startsWith(bucketRoot)) {
      throw new S3Refusal(400, "InvalidURI", "A key may not lead out of its bucket.");
    }
    return resolved;
  };
  const bucketPath = store.getBucketPath.bind(store);
  store.getBucketPath = (bucket) => inside(bucketPath(bucket));

  const putContent = store.putContent.bind(store);
  store.putContent = async (objectPath, content) => {
    const unfinished = `${objectPath}.${randomUUID()}.part`;
    try {
      const written = await putContent(unfinished, content);
      await rename(unfinished, objectPath);
      return written;
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  };

  // s3rver removes folders left empty as well, and so takes them from under an upload or a second
  // deletion that runs at the same time.
  store.deleteObject = async (bucket, key) => {
    const files = ["object", "object.md5", "metadata.json"];
    await Promise.all(
      files.map((name) => rm(store.getResourcePath(bucket, key, name), { force: true })),
    );
  };

  const listObjects = store.listObjects.bind(store);
  store.listObjects = async (bucket, { maxKeys: _, ...options }) => {
    const whole: Listing = { objects: [], commonPrefixes: [], isTruncated: false };
    const prefixes = new Set<string>();
    for (let startAfter = options.startAfter; ; ) {
      const page = await listObjects(bucket, { ...options, startAfter, maxKeys: PAGE });
      whole.objects.push(...page.objects);
      for (const prefix of page.commonPrefixes) prefixes.add(prefix);
      startAfter = page.objects.at(-1)?.key;
      if (!page.isTruncated || startAfter === undefined) break;
    }
    return { ...whole, commonPrefixes: [...prefixes].sort() };
  };
}
