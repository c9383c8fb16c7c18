/** Entity tags: strong ones on single resources (their version), weak ones on lists. */
import { createHash } from "node:crypto";
import type { IfMatch, Reply } from "./context.ts";

/** The strong tag of a version. */
export function versionTag(version: number): string {
  return `"${version}"`;
}

/** A weak tag of a body: lists have no version of their own. */
export function weakTag(body: string): string {
  return `W/"${createHash("sha1").update(body).digest("base64url")}"`;
}

/** One entity tag of a header, as RFC 9110 §8.8.3 writes it. */
const TAG = /^\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)/;

type Tag = { readonly weak: boolean; readonly opaque: string };

/** The tags of a header; what cannot be read as one ends the list. */
function tagsOf(header: string): Tag[] {
  const tags: Tag[] = [];
  let rest = header;
  for (let match = TAG.exec(rest); match !== null; match = TAG.exec(rest)) {
    tags.push({ weak: match[1] !== undefined, opaque: match[2] ?? "" });
    rest = rest.slice(match[0].length);
  }
  return tags;
}

/**
 * What `If-Match` demands. Weak tags never match (RFC 9110 §13.1.1), nor does anything that is not a
 * version: such a demand cannot be met, and the write is refused with 412.
 */
export function ifMatchOf(request: Request): IfMatch {
  const header = request.headers.get("if-match");
  if (header === null || header.trim() === "*") return "any";
  const versions = tagsOf(header)
    .filter((tag) => !tag.weak && /^[1-9]\d{0,8}$/.test(tag.opaque))
    .map((tag) => Number(tag.opaque));
  return { versions };
}

/** Whether `If-None-Match` names the answer's tag, by weak comparison: then 304 says enough. */
export function isFresh(request: Request, etag: string): boolean {
  const header = request.headers.get("if-none-match");
  if (header === null) return false;
  if (header.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "").slice(1, -1);
  return tagsOf(header).some((tag) => tag.opaque === opaque);
}

/** The answer, or 304 without a body when the caller has it already. */
export function conditional(request: Request, reply: Reply, etag: string): Reply {
  const headers = { ...reply.headers, etag, "cache-control": "private, no-cache" };
  return isFresh(request, etag) ? { status: 304, headers } : { ...reply, headers };
}
