/**
 * What Supabase Auth does about sessions and this library does not: a session says from where it was
 * made, and a wrong password is reported to the database's hook. The audit log reads both.
 */
import { decodeJwt } from "jose";
import type { Sql } from "postgres";
import { z } from "zod";

const answer = z.object({ access_token: z.string() });
const credentials = z.object({ email: z.string() });

/** Looks at what was answered to a request. */
export type SessionWatch = (request: Request, body: string, response: Response) => Promise<void>;

/** Makes the watch. @param sql as supabase_auth_admin. */
export function createSessionWatch(sql: Sql): SessionWatch {
  return async (request, body, response) => {
    const from = {
      ip: request.headers.get("x-forwarded-for")?.split(",")[0]?.trim() ?? null,
      user_agent: request.headers.get("user-agent"),
    };
    const session = await sessionIn(response);
    if (session !== undefined) {
      await sql`
        update auth.sessions set ip = ${from.ip}::text::inet, user_agent = ${from.user_agent}
        where id = ${session} and ip is null`;
    } else if (response.status === 400 && request.url.endsWith("grant_type=password")) {
      const { data } = credentials.safeParse(parse(body));
      const event = JSON.stringify({ valid: false, ...from });
      await sql`
        select private.password_verification_attempt(
          jsonb_build_object('user_id', u.id) || ${event}::text::jsonb)
        from auth.users u where u.email = ${data?.email.trim().toLowerCase() ?? ""}`;
    }
  };
}

/** The session of a token that was given out, in the answer or in the address that it leads to. */
async function sessionIn(response: Response): Promise<string | undefined> {
  const inAddress = /[#&]access_token=([^&]+)/.exec(response.headers.get("location") ?? "")?.[1];
  const isJson = response.ok && /json/.test(response.headers.get("content-type") ?? "");
  const { data } = answer.safeParse(isJson ? parse(await response.clone().text()) : undefined);
  const token = data?.access_token ?? inAddress;
  if (token === undefined) return undefined;
  const { session_id } = decodeJwt(token);
  return typeof session_id === "string" ? session_id : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
