/**
 * Sessions are recorded where the auth server makes and ends them. It does not know the door or the
 * request, so both are announced to the database first, under an id that the session will carry.
 */
import { decodeJwt } from "jose";
import { z } from "zod";
import type { Client, Outcome } from "../_shared/auth_server.ts";
import type { Statement } from "../_shared/context.ts";
import { asOurselves } from "../_shared/db.ts";
import { Problem } from "../_shared/errors.ts";
import { log } from "../_shared/log.ts";
import { toldHeaders } from "../_shared/told_headers.ts";

type Asking = { readonly request: Request; readonly requestId: string; readonly ip: string | null };

/** Has the auth server make a session for an address; one that it refuses is recorded, of known people. */
export async function announcedSignIn<T>(
  asking: Asking,
  email: string,
  ask: (client: Client) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const mark = crypto.randomUUID();
  await tell(asking, (sql) => sql`select private.announce_session(${mark}::uuid, ${email})`);
  let refused: string | null = null;
  try {
    const outcome = await ask({ request: asking.request, ip: asking.ip, mark });
    if (!outcome.ok) refused = outcome.refusal.code || "refused";
    return outcome;
  } catch (error) {
    if (error instanceof Problem && error.code === "rate_limited") refused = error.code;
    throw error;
  } finally {
    await tell(asking, (sql) => sql`select private.end_announcement(${mark}::uuid, ${refused})`);
  }
}

/** Has the auth server end the session that an access token names. */
export async function announcedSignOut<T>(
  asking: Asking,
  accessToken: string,
  ask: () => Promise<T>,
): Promise<T> {
  const session = z.guid().safeParse(sessionOf(accessToken));
  if (!session.success) return await ask();
  const id = session.data;
  await tell(asking, (sql) => sql`select private.announce_session(${id}::uuid)`);
  try {
    return await ask();
  } finally {
    await tell(asking, (sql) => sql`select private.end_announcement(${id}::uuid)`);
  }
}

function sessionOf(accessToken: string): unknown {
  try {
    return decodeJwt(accessToken)["session_id"];
  } catch {
    return undefined;
  }
}

/** Nobody is kept from signing in or out because it cannot be announced: the session is recorded all the same. */
async function tell({ request, requestId }: Asking, statement: Statement<never>): Promise<void> {
  try {
    const headers = JSON.stringify(toldHeaders(request, requestId));
    await asOurselves({ claims: "", headers }, statement);
  } catch (error) {
    log.warn({ request_id: requestId, err: error }, "a session was not announced");
  }
}
