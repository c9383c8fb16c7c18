/** The object store, as tasks use it: a client of S3 and the bucket all files are in. */
import { S3Client } from "@aws-sdk/client-s3";
import { inSpan } from "../functions/_shared/telemetry/tracing.ts";
import { type Env, readEnv } from "./env.ts";

/** A client and the bucket it works in. */
export type ObjectStore = { readonly client: S3Client; readonly bucket: string };

type Settings = Pick<
  Env,
  "S3_ENDPOINT" | "S3_REGION" | "S3_BUCKET" | "S3_ACCESS_KEY_ID" | "S3_SECRET_ACCESS_KEY"
>;

/** Long enough for a store to join the parts of a large object. */
const SILENT_MS = 30_000;

/**
 * Opens the object store. Requests that fail for a passing reason are tried five times.
 *
 * Checksums are left out where S3 does not demand them: not every store reads one behind a body. The
 * path of the bucket itself is sent without its trailing slash, as some stores check the signature.
 * @param silentMs how long the store may be silent before a request counts as failed.
 */
export function openObjectStore(settings: Settings, silentMs = SILENT_MS): ObjectStore {
  const client = new S3Client({
    endpoint: settings.S3_ENDPOINT,
    region: settings.S3_REGION,
    credentials: {
      accessKeyId: settings.S3_ACCESS_KEY_ID,
      secretAccessKey: settings.S3_SECRET_ACCESS_KEY,
    },
    forcePathStyle: true,
    maxAttempts: 5,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // Not requestTimeout: passing that is a line in the log and no more.
    requestHandler: { connectionTimeout: 5_000, socketTimeout: silentMs },
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      const { input, request } = args;
      const isObject = typeof input === "object" && input !== null && "Key" in input;
      if (!isObject && typeof request === "object" && request !== null && "path" in request) {
        request.path = String(request.path).replace(/(?<=.)\/$/, "");
      }
      return await next(args);
    },
    { step: "build", name: "bucketPathWithoutSlash", priority: "low" },
  );
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      (args) => {
        const name = `s3 ${commandName.replace(/Command$/, "")}`;
        return inSpan(name, { kind: "client" }, () => next(args));
      },
    { step: "initialize", name: "traced" },
  );
  return { client, bucket: settings.S3_BUCKET };
}

let opened: ObjectStore | undefined;

/** The worker's own object store, opened when it is first needed. */
export function objectStore(): ObjectStore {
  opened ??= openObjectStore(readEnv());
  return opened;
}
