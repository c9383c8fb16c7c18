/**
 * The object store, where the bytes of files are. Browsers put and get them at presigned addresses,
 * past the functions; here they are only signed for and looked at. A signature covers the host, so
 * S3_ENDPOINT is the public address of the store; what the functions ask themselves goes to
 * S3_INTERNAL_ENDPOINT, which needs neither a name that leads here nor a certificate.
 */
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { env } from "./env.ts";
import { Problem } from "./errors.ts";

/** How long a store that has gone silent is waited for. */
const CONNECT_WITHIN_MS = 3_000;
const SILENT_AT_MOST_MS = 20_000;

type Store = {
  /** For what the functions ask themselves. */
  readonly client: S3Client;
  /** Signs for browsers, and asks nothing. */
  readonly signer: S3Client;
  readonly bucket: string;
};

let opened: Store | undefined;

/** @throws Problem 503 when this installation has no store. */
function store(): Store {
  if (opened !== undefined) return opened;
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = env;
  if (!S3_ENDPOINT || !S3_REGION || !S3_BUCKET || !S3_ACCESS_KEY_ID || !S3_SECRET_ACCESS_KEY) {
    throw unavailable(new Error("S3_* is not set"));
  }
  const settings: S3ClientConfig = {
    region: S3_REGION,
    credentials: { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY },
    forcePathStyle: true,
    maxAttempts: 2,
    // Stores that are not Amazon's read no checksum behind a body.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, socketTimeout: SILENT_AT_MOST_MS },
    // The usual one asks the system for its release, which the functions may not know.
    defaultUserAgentProvider: () => Promise.resolve([["kontor", env.KONTOR_VERSION]]),
  };
  opened = {
    client: new S3Client({ ...settings, endpoint: env.S3_INTERNAL_ENDPOINT ?? S3_ENDPOINT }),
    signer: new S3Client({ ...settings, endpoint: S3_ENDPOINT }),
    bucket: S3_BUCKET,
  };
  return opened;
}

/** What is promised of an upload; its signature holds for exactly this. */
export type Upload = {
  readonly key: string;
  readonly contentType: string;
  readonly byteSize: number;
  /** How long it may begin, in seconds. */
  readonly seconds: number;
};

/** Where and how to send an upload. */
export type SignedUpload = {
  readonly url: string;
  /** To be sent as they are. The length, signed as well, every client sends by itself. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
};

/**
 * An address that takes one object by PUT: this key, this many bytes, this type, until it expires.
 * @throws Problem 503 when there is no store.
 */
export async function presignPut(
  { key, contentType, byteSize, seconds }: Upload,
): Promise<SignedUpload> {
  const { signer, bucket } = store();
  const signingDate = wholeSecond();
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    ContentLength: byteSize,
  });
  const url = await getSignedUrl(signer, command, {
    expiresIn: seconds,
    signingDate,
    signableHeaders: new Set(["host", "content-type", "content-length"]),
  });
  return {
    url,
    headers: { "content-type": contentType },
    expiresAt: new Date(signingDate.getTime() + seconds * 1_000),
  };
}

/** What a presigned GET is to answer with. */
export type Download = {
  readonly key: string;
  readonly contentType: string;
  /** The whole Content-Disposition. */
  readonly disposition: string;
  /** How long it may begin, in seconds. */
  readonly seconds: number;
};

/**
 * An address that gives one object by GET, with headers of our choice.
 * @throws Problem 503 when there is no store.
 */
export async function presignGet(
  { key, contentType, disposition, seconds }: Download,
): Promise<string> {
  const { signer, bucket } = store();
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ResponseContentType: contentType,
    ResponseContentDisposition: disposition,
    ResponseCacheControl: "private, no-store",
  });
  return await getSignedUrl(signer, command, { expiresIn: seconds, signingDate: wholeSecond() });
}

/** What the store says of an object. */
export type ObjectHead = { readonly byteSize: number; readonly contentType: string };

/**
 * Looks at an object; null when there is none.
 * @throws Problem 503 when the store does not answer.
 */
export async function headObject(key: string): Promise<ObjectHead | null> {
  const { client, bucket } = store();
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return { byteSize: head.ContentLength ?? 0, contentType: head.ContentType ?? "" };
  } catch (error) {
    if (isMissing(error)) return null;
    throw unavailable(error);
  }
}

/**
 * An object's bytes as they come, or only its first ones; null when there is no such object.
 * @throws Problem 503 when the store does not answer, or stops half-way.
 */
export async function getObject(
  key: string,
  first?: number,
): Promise<AsyncIterable<Uint8Array> | null> {
  const { client, bucket } = store();
  const range = first === undefined ? {} : { Range: `bytes=0-${first - 1}` };
  try {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...range }));
    if (object.Body === undefined) throw new Error("an object without a body");
    return whole(object.Body.transformToWebStream());
  } catch (error) {
    if (isMissing(error)) return null;
    throw unavailable(error);
  }
}

/**
 * Copies an object inside the store and says its type anew; nothing else that the uploader may have
 * said of it is kept. False when there is no such object.
 * @throws Problem 503 when the store does not answer.
 */
export async function copyObject(from: string, to: string, contentType: string): Promise<boolean> {
  const { client, bucket } = store();
  try {
    await client.send(
      new CopyObjectCommand({
        Bucket: bucket,
        CopySource: `${bucket}/${from}`,
        Key: to,
        ContentType: contentType,
        MetadataDirective: "REPLACE",
      }),
    );
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw unavailable(error);
  }
}

/**
 * Deletes an object; one that is not there is deleted already.
 * @throws Problem 503 when the store does not answer.
 */
export async function deleteObject(key: string): Promise<void> {
  const { client, bucket } = store();
  try {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    if (!isMissing(error)) throw unavailable(error);
  }
}

async function* whole(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw unavailable(error);
  }
}

/** A signature's time has no fractions. */
const wholeSecond = () => new Date(Math.floor(Date.now() / 1_000) * 1_000);

function isMissing(error: unknown): boolean {
  return error instanceof Error && ["NotFound", "NoSuchKey"].includes(error.name);
}

function unavailable(cause: unknown): Problem {
  return new Problem("unavailable", "The file store cannot answer just now. Try again shortly.", {
    headers: { "retry-after": "5" },
    cause,
  });
}
