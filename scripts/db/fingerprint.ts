/** Whether two databases are the same, by fingerprint.sql. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Sql, TransactionSql } from "postgres";
import { z } from "zod";

const line = z.object({
  kind: z.string(),
  object: z.string(),
  property: z.string(),
  value: z.string(),
});

/** What a database is: "kind object: property" → value. */
export type Fingerprint = ReadonlyMap<string, string>;

/** Reads a database's fingerprint. @param sql a superuser's: nobody else sees every row. */
export async function fingerprint(sql: Sql | TransactionSql): Promise<Fingerprint> {
  const query = await readFile(path.join(import.meta.dirname, "fingerprint.sql"), "utf8");
  const rows = await sql.unsafe(query);
  const result = new Map<string, string>();
  for (const { kind, object, property, value } of z.array(line).parse([...rows])) {
    const key = `${kind} ${object}: ${property}`;
    const earlier = result.get(key);
    result.set(key, earlier === undefined ? value : `${earlier}\n${value}`);
  }
  return result;
}

/** The lines of one text that another has not, however often each. */
function linesOnlyIn(one: string, other: string): string[] {
  const left = new Map<string, number>();
  for (const text of other.split("\n")) left.set(text, (left.get(text) ?? 0) + 1);
  return one.split("\n").filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}

/** Every difference as a paragraph: what differs, then `-` lines of the first, `+` of the second. */
export function differences(first: Fingerprint, second: Fingerprint): string[] {
  const keys = [...new Set([...first.keys(), ...second.keys()])].sort();
  return keys.flatMap((key) => {
    const one = first.get(key);
    const two = second.get(key);
    if (one === two) return [];
    const minus = one === undefined ? [] : two === undefined ? [one] : linesOnlyIn(one, two);
    const plus = two === undefined ? [] : one === undefined ? [two] : linesOnlyIn(two, one);
    const mark = (sign: string, texts: string[]) =>
      texts.flatMap((text) => text.split("\n")).map((text) => `  ${sign} ${text}`);
    return [[key, ...mark("-", minus), ...mark("+", plus)].join("\n")];
  });
}
