/** A file on its way into the object store, whole or not at all, in bounded memory. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { ObjectStore } from "../s3.ts";
import { StoreError } from "./failure.ts";

/** At most 10,000 parts make an object: 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
/** So many parts are sent at a time while the next one fills. */
const AT_A_TIME = 2;

/** How often an upload is aborted until it stays away, and how long a late part may take to arrive. */
const ABORTS = 5;
const BETWEEN_ABORTS_MS = 300;

type Target = {
  readonly store: ObjectStore;
  readonly key: string;
  readonly contentType: string;
  readonly signal: AbortSignal;
};

/** Bytes become parts of a multipart upload; a file of less than one part is put in one go. */
export class Upload {
  readonly #target: Target;
  #part: Buffer = Buffer.allocUnsafe(PART_BYTES);
  #used = 0;
  /** Bytes in parts that are sent or being sent. */
  #sent = 0;
  /** The upload's id; unset while all fits into one part. */
  #begun: Promise<string | undefined> | undefined;
  readonly #parts: CompletedPart[] = [];
  readonly #sending = new Set<Promise<void>>();
  #failure: unknown;
  /** Whether the object may have appeared. */
  #ended = false;
  /** Buffers of parts that were sent: new ones would only be freed when the garbage is collected. */
  readonly #spare: Buffer[] = [];

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Takes bytes (a copy of them). A promise means: give no more until it resolves; it rejects with a
   * StoreError when the store did not take what was given before.
   */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const room = PART_BYTES - this.#used;
    this.#part.set(bytes.length <= room ? bytes : bytes.subarray(0, room), this.#used);
    this.#used += Math.min(bytes.length, room);
    if (bytes.length <= room) return undefined;
    return this.#sendPart().then(() => this.write(bytes.subarray(room)));
  }

  /**
   * Sends the rest and makes the object appear.
   * @returns its size in bytes.
   * @throws StoreError when the store did not take it.
   */
  async finish(): Promise<number> {
    const { store, contentType, signal } = this.#target;
    if (this.#begun === undefined) {
      this.#ended = true;
      const Body = this.#part.subarray(0, this.#used);
      const put = new PutObjectCommand({ ...this.#where(), Body, ContentType: contentType });
      await answered(store.client.send(put, { abortSignal: signal }));
      return this.#used;
    }
    if (this.#used > 0) await this.#sendPart();
    await Promise.all(this.#sending);
    if (this.#failure !== undefined) throw this.#failure;
    this.#ended = true;
    const MultipartUpload = { Parts: this.#parts };
    const complete = new CompleteMultipartUploadCommand({
      ...this.#where(),
      UploadId: await this.#begun,
      MultipartUpload,
    });
    await answered(store.client.send(complete, { abortSignal: signal }));
    return this.#sent;
  }

  /**
   * Takes back what was sent. Never throws: what stays behind is swept later.
   * @param whole the object as well, if it has appeared already.
   */
  async abort(whole = false): Promise<void> {
    await Promise.all(this.#sending);
    try {
      const UploadId = await this.#begun;
      const { store, key } = this.#target;
      if (UploadId !== undefined) await abortUpload(store, { Key: key, UploadId });
      if (whole && this.#ended) await store.client.send(new DeleteObjectCommand(this.#where()));
    } catch {}
  }

  /** Goes on when the work is aborted: what a store has begun unheard could not be taken back. */
  async #begin(): Promise<string | undefined> {
    const { store, contentType } = this.#target;
    const create = { ...this.#where(), ContentType: contentType };
    const answer = store.client.send(new CreateMultipartUploadCommand(create));
    return (await answered(answer)).UploadId;
  }

  #where() {
    return { Bucket: this.#target.store.bucket, Key: this.#target.key };
  }

  async #sendPart(): Promise<void> {
    const { store, signal } = this.#target;
    this.#begun ??= this.#begin();
    const UploadId = await unlessAborted(this.#begun, signal);
    const part = this.#part;
    const number = this.#parts.length + 1;
    const upload = new UploadPartCommand({
      ...this.#where(),
      UploadId,
      PartNumber: number,
      Body: part.subarray(0, this.#used),
    });
    this.#sent += this.#used;
    this.#used = 0;
    this.#parts.push({ PartNumber: number });
    const sending = answered(store.client.send(upload, { abortSignal: signal })).then(
      ({ ETag }) => {
        this.#parts[number - 1] = { PartNumber: number, ...(ETag && { ETag }) };
        this.#spare.push(part);
        this.#sending.delete(sending);
      },
      (error: unknown) => {
        this.#failure ??= error;
        this.#sending.delete(sending);
      },
    );
    this.#sending.add(sending);
    if (this.#sending.size >= AT_A_TIME) await Promise.race(this.#sending);
    if (this.#failure !== undefined) throw this.#failure;
    this.#part = this.#spare.pop() ?? Buffer.allocUnsafe(PART_BYTES);
  }
}

/** @throws what `signal` is aborted with, or whatever `promise` rejects with. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const settled = new AbortController();
  try {
    const aborted = once(signal, "abort", { signal: settled.signal });
    return await Promise.race([promise, aborted.then(() => Promise.reject(signal.reason))]);
  } finally {
    settled.abort();
  }
}

/** @throws StoreError instead of whatever the client throws. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new StoreError(cause);
  }
}

/**
 * Aborts until the store knows the upload no more: a part that was under way may arrive behind the
 * first abort, and bring the upload back (S3's documentation of AbortMultipartUpload says so, too).
 * @throws whatever the client throws.
 */
async function abortUpload(
  { client, bucket }: ObjectStore,
  upload: { readonly Key: string; readonly UploadId: string },
  abortSignal?: AbortSignal,
): Promise<void> {
  for (let times = 0; times < ABORTS; times++) {
    const command = new AbortMultipartUploadCommand({ Bucket: bucket, ...upload });
    try {
      await client.send(command, abortSignal && { abortSignal });
    } catch (error) {
      if (error instanceof Error && error.name === "NoSuchUpload") return;
      throw error;
    }
    await sleep(BETWEEN_ABORTS_MS);
  }
}

type Unfinished = {
  /** Of their keys. */
  readonly prefix: string;
  /** Younger ones are left alone. */
  readonly begunBefore: Date;
  readonly signal?: AbortSignal;
};

/**
 * Aborts the uploads that somebody began and did not finish.
 * @returns how many there were.
 * @throws StoreError when the store does not answer.
 */
export async function abortUnfinished(
  store: ObjectStore,
  { prefix, begunBefore, signal }: Unfinished,
): Promise<number> {
  let aborted = 0;
  let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  do {
    const list = new ListMultipartUploadsCommand({
      Bucket: store.bucket,
      Prefix: prefix,
      ...(after.KeyMarker === undefined ? {} : { KeyMarker: after.KeyMarker }),
      ...(after.UploadIdMarker === undefined ? {} : { UploadIdMarker: after.UploadIdMarker }),
    });
    const page = await answered(store.client.send(list, signal && { abortSignal: signal }));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue;
      if (Initiated !== undefined && Initiated >= begunBefore) continue;
      await answered(abortUpload(store, { Key, UploadId }, signal));
      aborted += 1;
    }
    after = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      : {};
  } while (after.KeyMarker !== undefined);
  return aborted;
}
