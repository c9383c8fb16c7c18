/** Bytes become zstd, then age, and back: as streams, so that memory does not grow with the database. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { Decrypter, Encrypter } from "age-encryption";
import { BackupError } from "./errors.ts";

const LEVEL = 3;

function toWeb(source: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      source.destroy();
    },
  });
}

async function* fromWeb(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * Compresses and encrypts.
 * @param recipients public keys, each of which can open it.
 */
export async function seal(
  source: Readable,
  recipients: readonly string[],
): Promise<AsyncIterable<Uint8Array>> {
  const compressed = createZstdCompress({
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVEL,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  // Its failure is that of what is read from it.
  pipeline(source, compressed).catch(() => {});
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return fromWeb(await encrypter.encrypt(toWeb(compressed)));
}

/**
 * Decrypts and decompresses.
 * @param name what is being opened, for the messages.
 * @throws BackupError when the key is another's; the stream fails with one when a byte is not as it was.
 */
export async function unseal(source: Readable, identity: string, name: string): Promise<Readable> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  let plain: Readable;
  try {
    plain = Readable.from(fromWeb(await decrypter.decrypt(toWeb(source))));
  } catch (error) {
    source.destroy();
    const said = error instanceof Error ? error.message : String(error);
    if (/no identity matched/i.test(said)) {
      throw new BackupError(`${name} was encrypted for another key than the one that was given`);
    }
    throw new BackupError(`${name} cannot be decrypted: ${said}`);
  }
  const out = createZstdDecompress();
  pipeline(plain, out).catch(() => source.destroy());
  return Readable.from(whole(out, name), { objectMode: false });
}

async function* whole(stream: Readable, name: string): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (error) {
    throw new BackupError(`${name} is damaged: ${error instanceof Error ? error.message : error}`);
  }
}

/** Counts and hashes what it is given. */
export class Measure {
  bytes = 0;
  readonly #hash = createHash("sha256");

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** The SHA-256 of all of it; asked once. */
  sha256(): string {
    return this.#hash.digest("hex");
  }
}
