/** The store of the backups: <prefix><id>/<part>. A backup is there once its manifest is. */
import type { Readable } from "node:stream";
import {
  type _Object,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { Upload } from "../../tasks/exports/upload.ts";
import type { ObjectStore } from "../../tasks/s3.ts";
import { BackupError } from "./errors.ts";
import { MANIFEST, type Manifest, type Part, readManifest } from "./manifest.ts";
import { Measure } from "./seal.ts";
import type { Vault } from "./settings.ts";

const NEVER = new AbortController().signal;

/** Every object under a prefix. */
export async function* objectsUnder(
  { client, bucket }: ObjectStore,
  prefix: string,
): AsyncGenerator<_Object> {
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(ContinuationToken && { ContinuationToken }),
      }),
    );
    yield* page.Contents ?? [];
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
}

/**
 * Stores bytes as one object, whole or not at all.
 * @param settled awaited before the object appears: whoever made the bytes may still have failed.
 */
export async function store(
  vault: Vault,
  id: string,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  {
    settled,
    signal = NEVER,
  }: { settled?: Promise<unknown>; signal?: AbortSignal | undefined } = {},
): Promise<Part> {
  const seen = new Measure();
  const contentType = name.endsWith(".json") ? "application/json" : "application/octet-stream";
  const key = `${vault.prefix}${id}/${name}`;
  const upload = new Upload({ store: vault.store, key, contentType, signal });
  try {
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      seen.add(chunk);
      await upload.write(chunk);
    }
    await settled;
    await upload.finish();
  } catch (error) {
    await upload.abort();
    throw error;
  }
  return { name, bytes: seen.bytes, sha256: seen.sha256() };
}

/** Opens an object for reading. @throws BackupError when it is not there. */
export async function open(vault: Vault, id: string, name: string): Promise<Readable> {
  const Key = `${vault.prefix}${id}/${name}`;
  const command = new GetObjectCommand({ Bucket: vault.store.bucket, Key });
  try {
    const { Body } = await vault.store.client.send(command);
    if (Body === undefined) throw new BackupError(`${id}/${name} is empty`);
    // What the SDK gives in Node.
    return Body as Readable;
  } catch (error) {
    if (!(error instanceof Error) || !/NoSuchKey|NotFound/.test(error.name)) throw error;
    if (name !== MANIFEST) throw new BackupError(`${id}/${name} is missing`);
    throw new BackupError(
      `there is no backup ${id}; \`npm run restore -- list\` shows those there are`,
    );
  }
}

/** Reads a backup's manifest. @throws BackupError when there is none, or it is not as it was written. */
export async function manifestOf(vault: Vault, id: string): Promise<Manifest> {
  let text = "";
  const stream = await open(vault, id, MANIFEST);
  for await (const chunk of stream.setEncoding("utf8")) text += String(chunk);
  return readManifest(text, id);
}

/** Reads every part to its end. @throws BackupError naming the first that is not as it was stored. */
export async function checkParts(vault: Vault, manifest: Manifest): Promise<void> {
  for (const part of Object.values(manifest.parts)) {
    const seen = new Measure();
    for await (const chunk of await open(vault, manifest.id, part.name)) {
      seen.add(chunk);
    }
    const name = `${manifest.id}/${part.name}`;
    if (seen.bytes !== part.bytes) {
      const fault = seen.bytes < part.bytes ? "truncated" : "longer than it was";
      throw new BackupError(`${name} is ${fault}: ${seen.bytes} bytes, not ${part.bytes}`);
    }
    if (seen.sha256() !== part.sha256) {
      throw new BackupError(`${name} was altered: its SHA-256 is not the manifest's`);
    }
  }
}

export type Stored = { readonly complete: string[]; readonly unfinished: string[] };

/** The names of all backups, oldest first. Unfinished ones have no manifest. */
export async function storedBackups({ store: at, prefix }: Vault): Promise<Stored> {
  const whole = new Map<string, boolean>();
  for await (const { Key = "" } of objectsUnder(at, prefix)) {
    const [id = "", name] = Key.slice(prefix.length).split("/");
    whole.set(id, (whole.get(id) ?? false) || name === MANIFEST);
  }
  const ids = [...whole.keys()].sort();
  return {
    complete: ids.filter((id) => whole.get(id)),
    unfinished: ids.filter((id) => !whole.get(id)),
  };
}

/** Deletes a backup, its manifest first: what is half deleted is no backup any more. */
export async function remove({ store: at, prefix }: Vault, id: string): Promise<void> {
  const keys = [`${prefix}${id}/${MANIFEST}`];
  for await (const { Key = "" } of objectsUnder(at, `${prefix}${id}/`)) {
    if (Key !== keys[0]) keys.push(Key);
  }
  for (const Key of keys) {
    await at.client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key }));
  }
}
