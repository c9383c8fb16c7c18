/** Whether the files in the store are those that a backup lists. */
import { createInterface } from "node:readline";
import { z } from "zod";
import type { ObjectStore } from "../../tasks/s3.ts";
import { openPart } from "./load.ts";
import type { Vault } from "./settings.ts";
import { manifestOf, objectsUnder } from "./vault.ts";

/** A line of a backup's list; `etag` is the store's hash of the bytes. */
const listed = z.object({ key: z.string(), bytes: z.number(), etag: z.string().optional() });

export type Compared = {
  /** How many the backup lists. */
  readonly count: number;
  /** Each that is gone or another one now, as a sentence. Files that came since are none. */
  readonly faults: readonly string[];
};

/**
 * Compares sizes and hashes, without reading a file.
 * @throws BackupError when the list cannot be opened.
 */
export async function compareFiles(
  vault: Vault,
  id: string,
  identity: string,
  files: ObjectStore,
): Promise<Compared> {
  const present = new Map<string, { bytes: number; etag: string | undefined }>();
  for await (const { Key = "", Size = 0, ETag } of objectsUnder(files, "")) {
    present.set(Key, { bytes: Size, etag: ETag });
  }
  const faults: string[] = [];
  let count = 0;
  const list = await openPart(vault, await manifestOf(vault, id), "files", identity);
  for await (const line of createInterface({ input: list })) {
    const { key, bytes, etag } = listed.parse(JSON.parse(line));
    count += 1;
    const now = present.get(key);
    if (now === undefined) faults.push(`${key} is missing`);
    else if (now.bytes !== bytes) faults.push(`${key} has ${now.bytes} bytes, not ${bytes}`);
    else if (now.etag !== etag) faults.push(`${key} has other contents`);
  }
  return { count, faults };
}
