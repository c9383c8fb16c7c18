/** The little of @20minutes/s3rver that is used here; it ships no types. */
declare module "@20minutes/s3rver" {
  import type { IncomingMessage, ServerResponse } from "node:http";
  import type { Readable } from "node:stream";

  export type Listing = {
    objects: { readonly key: string }[];
    commonPrefixes: string[];
    isTruncated: boolean;
  };

  export type Store = {
    getBucketPath(bucket: string): string;
    getResourcePath(bucket: string, key: string | undefined, resource: string): string;
    /** Resolves to the size in bytes and the MD5 in hexadecimal. */
    putContent(objectPath: string, content: Buffer | Readable): Promise<[number, string]>;
    putMetadata(
      bucket: string,
      key: string,
      metadata: Readonly<Record<string, unknown>>,
      md5: string,
    ): Promise<void>;
    putObjectMultipart(
      bucket: string,
      uploadId: string,
      parts: readonly { readonly number: number; readonly etag: string }[],
    ): Promise<{ size: number; md5: string }>;
    putBucket(bucket: string): Promise<unknown>;
    deleteObject(bucket: string, key: string): Promise<void>;
    listObjects(
      bucket: string,
      options: { maxKeys?: number; startAfter?: string | undefined; prefix?: string },
    ): Promise<Listing>;
  };

  export default class S3rver {
    constructor(options: {
      directory: string;
      silent: boolean;
      allowMismatchedSignatures: boolean;
      vhostBuckets: boolean;
    });
    readonly store: Store;
    readonly logger: { close(): void };
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    on(event: "error", listener: (error: Error) => void): this;
  }
}

declare module "@20minutes/s3rver/lib/models/account.js" {
  type Account = {
    createKeyPair(accessKeyId: string, secretAccessKey: string): void;
    revokeAccessKey(accessKeyId: string): void;
    readonly accessKeys: ReadonlyMap<string, string>;
  };
  export const DUMMY_ACCOUNT: Account;
}

declare module "@20minutes/s3rver/lib/models/error.js" {
  export default class S3Error extends Error {
    constructor(code: string, message: string);
  }
}

declare module "@20minutes/s3rver/lib/routes.js" {
  import type { Store } from "@20minutes/s3rver";

  export type Method = "GET" | "DELETE" | "PUT";
  export type Handler = (
    ctx: {
      readonly store: Store;
      readonly query: Readonly<Record<string, string | undefined>>;
      readonly params: { readonly bucket: string; readonly key?: string };
      body: unknown;
      status: number;
    },
    next: () => Promise<unknown>,
  ) => Promise<unknown>;
  type Layer = { readonly path: string; readonly methods: readonly string[] };

  const router: {
    readonly stack: Layer[];
    register(path: string, methods: readonly Method[], handlers: readonly Handler[]): unknown;
  };
  export default router;
}

declare module "@20minutes/s3rver/lib/signature/v4.js" {
  type CanonicalRequest = { readonly querystring: string };

  const v4: { getStringToSign(canonical: CanonicalRequest, signature: unknown): string };
  export default v4;
}
