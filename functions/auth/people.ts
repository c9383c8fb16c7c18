import { decodeJwt } from "jose";
import type { AuthSession } from "../_shared/auth_server.ts";
import type { SignedIn, User } from "../_shared/contracts/auth.ts";
import type { Statement } from "../_shared/context.ts";
import { asCaller } from "../_shared/db.ts";

/** The caller as others see them, and their tenants: the answer of GET /auth/session. */
export const whoAmI: Statement<{ json: string | null }> = (sql) =>
  sql`
    select json_build_object(
      'user', json_build_object('id', id, 'email', email, 'name', name),
      'tenants', public.my_tenants(),
      'operator', public.is_operator())::text as json
    from public.people where id = auth.uid()`;

/** The answer to who has just signed in: the person, and the session's tokens. */
export async function signedIn(session: AuthSession): Promise<SignedIn> {
  return {
    user: await personOf(session),
    session: {
      access_token: session.access_token,
      refresh_token: session.refresh_token,
      expires_at: new Date(session.expires_at * 1_000).toISOString(),
    },
  };
}

/** The person as the database knows them; the auth server may hold an older name. */
async function personOf({ access_token, user }: AuthSession): Promise<User> {
  const [person] = await asCaller<User>(
    {
      claims: JSON.stringify(decodeJwt(access_token)), // just received from the auth server itself
      headers: "{}",
      access: "caller",
      domain: null,
      readOnly: true,
    },
    (sql) => sql`select id, email, name from public.people where id = auth.uid()`,
  );
  return person ?? { id: user.id, email: user.email, name: null };
}
