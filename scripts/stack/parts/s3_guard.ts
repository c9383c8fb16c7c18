/**
 * What s3rver lets through and S3 would not: unsigned requests, headers outside the signature,
 * paths that lead out of the folder. Everything here is decided before s3rver sees the request.
 */
import type { IncomingHttpHeaders } from "node:http";

export type S3Request = {
  method: string;
  /** Path and query behind the gateway's prefix. */
  target: string;
  headers: IncomingHttpHeaders;
};

/** A refusal in S3's words; answered as its XML error. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const denied = (message: string) => new S3Refusal(403, "AccessDenied", message);
const invalid = (message: string) => new S3Refusal(400, "InvalidArgument", message);
const unsupported = (message: string) => new S3Refusal(501, "NotImplemented", message);

/** Regions a client may sign for beside the store's own, as Supabase Storage has it. */
const OTHER_REGIONS: ReadonlySet<string> = new Set(["us-east-1", "auto"]);
/** Settings of a bucket that would open it to unsigned requests or other origins. */
const REFUSED_SUBRESOURCES = ["website", "cors", "policy", "acl"];

type Signature = { credential: string; signedHeaders: ReadonlySet<string>; day: string };

function headerSignature(authorization: string, headers: IncomingHttpHeaders): Signature {
  const match =
    /^AWS4-HMAC-SHA256 +Credential=([^\s,]+), *SignedHeaders=([\w;-]+), *Signature=[0-9a-f]{64}$/.exec(
      authorization,
    );
  if (!match?.[1] || !match[2]) throw denied("Only signatures of version 4 are accepted.");
  return {
    credential: match[1],
    signedHeaders: new Set(match[2].split(";")),
    day: String(headers["x-amz-date"] ?? "").slice(0, 8),
  };
}

function querySignature(query: URLSearchParams): Signature {
  const one = (name: string) => {
    const [value, ...more] = query.getAll(name);
    if (value === undefined || more.length > 0) throw denied(`${name} is needed, once.`);
    return value;
  };
  if (one("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256" || !one("X-Amz-Signature")) {
    throw denied("Only signatures of version 4 are accepted.");
  }
  if (!/^\d{1,6}$/.test(one("X-Amz-Expires"))) throw invalid("X-Amz-Expires must be in seconds.");
  return {
    credential: one("X-Amz-Credential"),
    signedHeaders: new Set(one("X-Amz-SignedHeaders").split(";")),
    day: one("X-Amz-Date").slice(0, 8),
  };
}

function signatureOf(headers: IncomingHttpHeaders, query: URLSearchParams): Signature {
  const { authorization } = headers;
  const inQuery = [...query.keys()].some((name) => /^(x-amz-signature|signature)$/i.test(name));
  if (authorization !== undefined && inQuery) throw invalid("Only one signature is allowed.");
  if (authorization !== undefined) return headerSignature(authorization, headers);
  if (inQuery) return querySignature(query);
  throw denied("The request is not signed.");
}

function checkScope({ credential, day }: Signature, region: string): void {
  const [, date, scopeRegion = "", service, end, ...more] = credential.split("/");
  if (date !== day || service !== "s3" || end !== "aws4_request" || more.length > 0) {
    throw denied("The credential's scope is not valid.");
  }
  if (scopeRegion !== region && !OTHER_REGIONS.has(scopeRegion)) {
    throw new S3Refusal(400, "AuthorizationHeaderMalformed", `The region is ${region}.`);
  }
}

/** What a header says counts only when it is signed: an added `x-amz-copy-source` reads any object. */
function checkSignedHeaders(headers: IncomingHttpHeaders, signed: ReadonlySet<string>): void {
  if (!signed.has("host")) throw denied("The header host must be signed.");
  const loose = Object.keys(headers).find((name) => name.startsWith("x-amz-") && !signed.has(name));
  if (loose)
    throw denied(`There were headers present in the request which were not signed: ${loose}`);
}

/** @throws S3Refusal when a path could lead out of the store's folder, or cannot be decoded. */
export function checkPath(encoded: string): void {
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch {
    throw new S3Refusal(400, "InvalidURI", "The address cannot be decoded.");
  }
  const segments = decoded.split(/[/\\]/);
  if (decoded.includes("\0") || segments.some((segment) => segment === "." || segment === "..")) {
    throw new S3Refusal(400, "InvalidURI", "A key may have no segment `.` or `..`.");
  }
}

function checkOperation(method: string, path: string, query: URLSearchParams): void {
  if (method === "OPTIONS") throw new S3Refusal(405, "MethodNotAllowed", "Preflights end earlier.");
  const refused = REFUSED_SUBRESOURCES.find((name) => query.has(name));
  if (refused) throw unsupported(`?${refused} is not served here.`);
  if (method === "POST" && /^\/[^/]+\/?$/.test(path) && !query.has("delete")) {
    throw unsupported("Form uploads are not served here: their policy would not be checked.");
  }
  // Both become parts of a file's path.
  const uploadId = query.getAll("uploadId");
  if (uploadId.length > 0 && !/^[0-9a-f]{32}$/.test(uploadId.join())) {
    throw new S3Refusal(404, "NoSuchUpload", "There is no such upload.");
  }
  const part = query.getAll("partNumber");
  if (part.length > 0 && !/^[1-9]\d{0,4}$/.test(part.join()))
    throw invalid("partNumber: 1 to 10000.");
}

/**
 * Checks everything but the signature itself, which s3rver does.
 * @throws S3Refusal
 */
export function guardS3({ method, target, headers }: S3Request, region: string): void {
  const [path = "/", search = ""] = target.split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  checkPath(path);
  checkOperation(method, path, query);
  const signature = signatureOf(headers, query);
  checkScope(signature, region);
  checkSignedHeaders(headers, signature.signedHeaders);
  const copySource = headers["x-amz-copy-source"] ?? query.get("x-amz-copy-source");
  if (copySource) checkPath(String(copySource).split("?")[0] ?? "");
  const chunked = /aws-chunked/i.test(headers["content-encoding"] ?? "");
  if (chunked && headers["x-amz-content-sha256"] !== "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
    throw unsupported("Checksums behind the body are not served here; send them as a header.");
  }
}
