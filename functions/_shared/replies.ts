/** Short words for the usual answers. */
import type { Reply } from "./context.ts";

/** 200 (or another status) with a value that is not JSON text yet. */
export function ok(value: unknown, status = 200): Reply {
  return { status, json: JSON.stringify(value) };
}

/** 200 (or another status) with JSON text, as the database built it. */
export function okText(json: string, status = 200): Reply {
  return { status, json };
}

/** 204. */
export function noContent(): Reply {
  return { status: 204 };
}
