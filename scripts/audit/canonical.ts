/**
 * An entry's place in its tenant's chain, computed without the database's help: what
 * private.audit_canonical() and private.seal_audit() (sql/86_audit_chain.sql) do, once more.
 */
import { hash } from "node:crypto";

/** An entry as it is stored; every value as Postgres writes it, so that no digit or key is lost. */
export type Entry = {
  tenant_id: string;
  id: string;
  /** RFC 3339, in UTC, with microseconds. */
  at: string;
  actor_kind: string;
  actor_id: string | null;
  action: string;
  entity_type: string;
  entity_id: string;
  changes: string;
  ip: string | null;
  user_agent: string | null;
  request_id: string | null;
  metadata: string;
  salt: Buffer | null;
  /** The digests that stand in for erased values. */
  erased: string | null;
  position: string;
  hash: Buffer;
};

/** Where what is hashed is put together: a million entries need five times as many, and all would be garbage. */
let scratch = Buffer.allocUnsafe(64 * 1024);

/** Bytes and a text behind them, until the next call. */
function joined(bytes: Buffer, text: string): Buffer {
  const size = bytes.length + Buffer.byteLength(text);
  if (size > scratch.length) scratch = Buffer.allocUnsafe(size);
  bytes.copy(scratch);
  scratch.write(text, bytes.length);
  return scratch.subarray(0, size);
}

const digest = (salt: Buffer, part: string, value: string | null) =>
  hash("sha256", joined(salt, `${part}:${value ?? ""}`), "hex");

/** The salted digests of what may be personal, as jsonb prints them; null for lack of a salt. */
function digests({ salt, changes, ip, metadata, user_agent }: Entry): string | null {
  if (salt === null) return null;
  const parts = { ip, changes, metadata, user_agent };
  const pairs = Object.entries(parts).map(
    ([part, value]) => `"${part}": "${digest(salt, part, value)}"`,
  );
  return `{${pairs.join(", ")}}`;
}

/** The text that is hashed; null when an entry has neither its values' salt nor their digests. */
export function canonical(entry: Entry, position: string = entry.position): string | null {
  const values = entry.erased ?? digests(entry);
  if (values === null) return null;
  const { tenant_id, id, at, actor_kind, actor_id, action, entity_type, entity_id } = entry;
  const texts = [tenant_id, id, at, actor_kind, actor_id, action, entity_type, entity_id];
  const quoted = [...texts, entry.request_id].map((text) => JSON.stringify(text));
  return `[${[position, ...quoted, values].join(", ")}]`;
}

/** The hash that an entry has behind a predecessor. */
export function hashAfter(predecessor: Buffer, text: string | null): Buffer {
  return hash("sha256", joined(predecessor, text ?? ""), "buffer");
}
