/** Idempotency-Key: the same request again gets the first answer again. */
import { createHash } from "node:crypto";
import type { Row } from "postgres";
import { z } from "zod";
import type { Caller, Reply, Statement } from "./context.ts";
import { type RequestContext, transaction } from "./db.ts";
import { Problem } from "./errors.ts";
import { seal, unseal } from "./seal.ts";

/** What identifies a request whose answer is remembered. */
export type IdempotencyKey = { readonly key: string; readonly requestHash: string };

const answered = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  json: z.string().nullable(),
});
type Answered = z.infer<typeof answered>;

/**
 * The key of a POST, or null when it has none.
 * @throws Problem 400 invalid_request for a key that is not 1 to 255 printable characters.
 */
export function idempotencyKeyOf(request: Request, bodyText: string): IdempotencyKey | null {
  const key = request.method === "POST" ? request.headers.get("idempotency-key") : null;
  if (key === null) return null;
  if (!/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) {
    throw new Problem("invalid_request", "An Idempotency-Key is 1 to 255 printable characters.", {
      errors: [{ path: "Idempotency-Key", code: "invalid", message: "Not a usable key." }],
    });
  }
  const { pathname, search } = new URL(request.url);
  const hash = createHash("sha256").update(`${request.method} ${pathname}${search}\n${bodyText}`);
  return { key, requestHash: hash.digest("hex") };
}

/**
 * Runs a statement once per key, caller and tenant. The answer is stored by the statement's own
 * transaction: it is remembered exactly when the write happened, and a refusal frees the key. Sealed,
 * for an answer may hold what is shown only once (the token of an invitation) and kept nowhere.
 * @throws Problem 409 idempotency_conflict or conflict, raised by the database.
 */
export function answerOnce<T extends Row>(
  context: RequestContext,
  caller: Caller,
  { key, requestHash }: IdempotencyKey,
  statement: Statement<T>,
  reply: (rows: T[]) => Reply,
): Promise<Reply> {
  const who = caller.keyId ?? caller.id;
  return transaction(context, async (sql, tenant) => {
    const [, [first]] = await Promise.all([
      sql`reset role`,
      sql`select private.begin_idempotent(${who}, ${tenant}, ${key}, ${requestHash}) as kept`,
      sql`set local role authenticated`,
    ]);
    if (typeof first?.["kept"] === "string") return replay(first["kept"]);
    const answer = reply(await statement(sql));
    const { status, headers = {}, json = null } = answer;
    const sealed = seal(JSON.stringify({ status, headers, json } satisfies Answered));
    await Promise.all([
      sql`reset role`,
      sql`select private.finish_idempotent(${who}, ${tenant}, ${key}, ${requestHash}, ${sealed})`,
    ]);
    return answer;
  });
}

function replay(kept: string): Reply {
  const text = unseal(kept);
  if (text === null) {
    throw new Problem("conflict", "This was done; its first answer cannot be read any more.");
  }
  const { status, headers, json } = answered.parse(JSON.parse(text));
  return {
    status,
    headers: { ...headers, "idempotency-replayed": "true" },
    ...(json === null ? {} : { json }),
  };
}
