/**
 * Pages of what the database lists newest first as `{count, data}`: one more than was asked for, so
 * that it is known whether there is a next page, and a count that stops at 10,001.
 */
import type { Page } from "./contracts/common.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import type { Reply } from "./context.ts";
import { ok } from "./replies.ts";

const MAX_COUNTED = 10_000;
/** Cursors carry the place as a value; these lists have no second key. */
const NO_ID = "00000000-0000-0000-0000-000000000000";

export type Listed = { readonly count: number; readonly data: readonly { readonly id: string }[] };

/**
 * The id that the page begins after; null for the first page.
 * @throws Problem 400 invalid_query for a cursor that does not belong here.
 */
export function startAfter(cursor: string | undefined, binding: string): string | null {
  return cursor === undefined ? null : readCursor(cursor, binding).value;
}

/** The page as an answer. */
export function newestFirst(listed: Listed, limit: number, binding: string): Reply {
  const data = listed.data.slice(0, limit);
  const last = listed.data.length > limit ? data.at(-1) : undefined;
  const exact = listed.count <= MAX_COUNTED;
  const page: Page = {
    limit,
    next_cursor: last === undefined
      ? null
      : writeCursor({ direction: "next", value: last.id, id: NO_ID }, binding),
    prev_cursor: null,
    total: { count: listed.count, kind: exact ? "exact" : "estimated" },
  };
  return ok({ data, page });
}
