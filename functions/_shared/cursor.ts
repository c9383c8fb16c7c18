/** Cursors: opaque, signed, short-lived, and good for one list, sort and set of filters only. */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { env } from "./env.ts";
import { Problem } from "./errors.ts";
import type { Cursor } from "./list_definition.ts";

const DAY_MS = 86_400_000;
/** A cursor lives until the end of the day after the next, in whole days: lists keep their ETag. */
const LIFE_DAYS = 3;
const SIGNATURE_BYTES = 16;

const key = createHmac("sha256", env.JWT_SECRET).update("kontor list cursors").digest();

const payload = z.tuple([
  z.enum(["next", "prev"]),
  z.string().nullable(),
  z.guid(),
  z.string(),
  z.int(),
]);

/**
 * Writes a cursor.
 * @param binding what the cursor is bound to: the list, its sort and its filters.
 */
export function writeCursor(cursor: Cursor, binding: string, now = Date.now()): string {
  const expires = Math.floor(now / DAY_MS) + LIFE_DAYS;
  const text = JSON.stringify([
    cursor.direction,
    cursor.value,
    cursor.id,
    digest(binding),
    expires,
  ]);
  const bytes = Buffer.from(text);
  return Buffer.concat([sign(bytes), bytes]).toString("base64url");
}

/**
 * Reads a cursor back.
 * @throws Problem 400 invalid_query when it is forged, expired or bound to something else.
 */
export function readCursor(token: string, binding: string, now = Date.now()): Cursor {
  const whole = Buffer.from(token, "base64url");
  const signature = whole.subarray(0, SIGNATURE_BYTES);
  const bytes = whole.subarray(SIGNATURE_BYTES);
  // Decoding forgives stray characters; a cursor is exactly what was handed out.
  const exact = whole.toString("base64url") === token && signature.length === SIGNATURE_BYTES;
  if (!exact || !timingSafeEqual(signature, sign(bytes))) throw refused("This is not a cursor.");
  const [direction, value, id, bound, expires] = payload.parse(JSON.parse(bytes.toString()));
  if (expires * DAY_MS <= now) throw refused("This cursor has expired. Start from the first page.");
  if (bound !== digest(binding)) {
    throw refused("This cursor belongs to another sort or other filters.");
  }
  return { direction, value, id };
}

function sign(bytes: Uint8Array): Buffer {
  return createHmac("sha256", key).update(bytes).digest().subarray(0, SIGNATURE_BYTES);
}

function digest(binding: string): string {
  return createHmac("sha256", key).update(binding).digest("base64url").slice(0, 16);
}

function refused(detail: string): Problem {
  return new Problem("invalid_query", detail, {
    errors: [{ path: "cursor", code: "invalid_cursor", message: detail }],
  });
}
