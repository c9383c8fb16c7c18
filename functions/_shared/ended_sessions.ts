/**
 * Sessions that somebody signed out of here. An access token holds until it runs out, whatever the
 * auth server knows; this process at least takes it no longer.
 */
import { decodeJwt } from "jose";
import { BoundedCache } from "./lru.ts";

const MAX_SESSIONS = 50_000;
/** Longer than any access token lives in a sensible installation. */
const REMEMBERED_MS = 24 * 3_600_000;

const ended = new BoundedCache<true>(MAX_SESSIONS);

/** Remembers that the session of this token is over. The auth server must have said so. */
export function sessionEnded(accessToken: string): void {
  const { session_id } = decodeJwt(accessToken);
  if (typeof session_id === "string") sessionsEnded([session_id]);
}

/** Remembers that these sessions are over. */
export function sessionsEnded(ids: readonly string[]): void {
  for (const id of ids) ended.set(id, true, Date.now() + REMEMBERED_MS);
}

/** Whether that session is over, as far as this process knows. */
export function hasEnded(sessionId: string): boolean {
  return ended.get(sessionId) === true;
}
