/** The AWS SDK as a client of the object store, for tests. */
import { S3Client } from "@aws-sdk/client-s3";

export type S3Access = {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
};

/**
 * A client of the embedded store. The SDK signs `/bucket/` for an operation on a bucket; the store
 * checks `/bucket`, and Supabase Storage takes either. Checksums go in headers only where an
 * operation asks for one: the store reads none behind a body.
 */
export function s3Client({ endpoint, region, ...credentials }: S3Access): S3Client {
  const client = new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
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
  return client;
}
