/** The object store's request handler: s3rver behind its guard. */
import { mkdir } from "node:fs/promises";
import type { RequestListener, ServerResponse } from "node:http";
import S3rver from "@20minutes/s3rver";
import { DUMMY_ACCOUNT } from "@20minutes/s3rver/lib/models/account.js";
import type { ObjectStore } from "../part.ts";
import { guardS3, S3Refusal } from "./s3_guard.ts";
import { joinParts } from "./s3_join.ts";
import "./s3_multipart.ts";
import "./s3_signature.ts";
import { hardenStore } from "./s3_store.ts";

/** What the gateway takes off a path, and clients have signed. */
export const S3_PREFIX = "/storage/v1/s3";

const SIMPLE_RANGE = /^bytes=\d+-\d*$/;

function refuse(response: ServerResponse, { status, code, message }: S3Refusal): void {
  const text = message.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text}</Message></Error>`;
  // The unread body of a refused upload must not be taken for the next request.
  response.writeHead(status, {
    "content-type": "application/xml",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

/** Only our own key opens the store; the one built into s3rver is public knowledge. */
function setKey({ accessKeyId, secretAccessKey }: ObjectStore): void {
  for (const known of [...DUMMY_ACCOUNT.accessKeys.keys()]) DUMMY_ACCOUNT.revokeAccessKey(known);
  DUMMY_ACCOUNT.createKeyPair(accessKeyId, secretAccessKey);
}

/**
 * Opens the store in a folder, with its bucket.
 * @param log takes one line of JSON for what fails inside the store.
 */
export async function openS3(
  directory: string,
  objectStore: ObjectStore,
  log: (text: string) => void,
): Promise<{ listener: RequestListener; close(): Promise<void> }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  setKey(objectStore);
  const app = new S3rver({
    directory,
    silent: true,
    allowMismatchedSignatures: false,
    vhostBuckets: false,
  });
  hardenStore(app.store, directory);
  joinParts(app.store);
  await app.store.putBucket(objectStore.bucket);
  app.on("error", (error) => {
    const expected = "code" in error && "detail" in error;
    if (!expected) log(JSON.stringify({ level: "error", error: error.message }));
  });
  const handle = app.callback();
  const listener: RequestListener = (request, response) => {
    // The gateway has taken it off; parts of the stack come here without the way through it.
    if (request.url?.startsWith(`${S3_PREFIX}/`)) request.url = request.url.slice(S3_PREFIX.length);
    const { method = "GET", url: target = "/", headers } = request;
    try {
      guardS3({ method, target, headers }, objectStore.region);
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error;
      refuse(response, error);
      return;
    }
    // s3rver misreads the other forms of a range; to ignore one is allowed.
    if (headers.range && !SIMPLE_RANGE.test(headers.range)) delete headers.range;
    response.setHeader("x-content-type-options", "nosniff");
    void handle(Object.assign(request, { baseUrl: S3_PREFIX }), response);
  };
  return { listener, close: async () => app.logger.close() };
}
