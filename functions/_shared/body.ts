/** Reads a request's JSON body within its limit, and holds it against a schema. */
import { z } from "zod";
import type { FieldError } from "./contracts/common.ts";
import { Problem } from "./errors.ts";

const MAX_BYTES = 1_048_576;
/** A sender is listened to this much longer, so that it reads the answer instead of a reset. */
const MAX_DRAINED_BYTES = 32 * MAX_BYTES;

/** More than anybody reads; thousands of bad items would make an answer larger than the request. */
const MAX_ERRORS = 1_000;

const none = z.strictObject({});

/** What a body was: its text (for the idempotency hash) and its parsed value. */
export type ReadBody = { readonly text: string; readonly value: unknown };

/**
 * Reads a body as JSON. An empty one is `undefined`.
 * @throws Problem 413 too_large, 415 unsupported_media_type, 400 malformed_json.
 */
export async function readBody(request: Request): Promise<ReadBody> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return { text: "", value: undefined };
  requireJson(request.headers);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    throw new Problem("malformed_json", "The body is not valid JSON in UTF-8.");
  }
}

/**
 * The body as its schema gives it. Without a schema nothing but an empty body or `{}` is taken.
 * @throws Problem 422 validation_failed with every bad field; 400 malformed_json for a missing body.
 */
export function validateBody(schema: z.ZodType | undefined, value: unknown): unknown {
  if (value === undefined) {
    if (schema === undefined) return undefined;
    throw new Problem("malformed_json", "The body is empty. Send JSON.");
  }
  const result = (schema ?? none).safeParse(value);
  if (!result.success) {
    throw new Problem("validation_failed", "The body is not acceptable.", {
      errors: fieldErrors(result.error),
    });
  }
  return schema === undefined ? undefined : result.data;
}

/** Every issue with its path (the first thousand); unknown fields are named one by one. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") {
      return [{ path, code: issue.code, message: issue.message }];
    }
    return issue.keys.map((key) => ({
      path: path === "" ? key : `${path}.${key}`,
      code: "unknown_field",
      message: "There is no such field.",
    }));
  }).slice(0, MAX_ERRORS);
}

function requireJson(headers: Headers): void {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  const json = /^application\/([a-z0-9.-]+\+)?json$/.test(type.trim());
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
  const utf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  const encoding = headers.get("content-encoding") ?? "identity";
  if (!json || !utf8 || encoding !== "identity") {
    throw new Problem(
      "unsupported_media_type",
      "Send JSON in UTF-8 with Content-Type: application/json.",
    );
  }
}

/** Counts while it reads: a chunked body announces no length. */
async function readBytes(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length <= MAX_BYTES) chunks.push(chunk);
    else if (length > MAX_DRAINED_BYTES) break;
    else chunks.length = 0;
  }
  if (length > MAX_BYTES) throw new Problem("too_large", "A body may hold 1 MiB at most.");
  const [first = new Uint8Array()] = chunks;
  return chunks.length <= 1 ? first : concatenate(chunks, length);
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
