/** One's own account: the same in every tenant, and nobody else's business. */
import type { Context } from "../_shared/context.ts";
import * as contract from "../_shared/contracts/account.ts";
import { type AuthUser, ownUser, setMetadata } from "../_shared/auth_server.ts";
import { Problem, unauthenticated } from "../_shared/errors.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { accessTokenOf } from "../_shared/session.ts";
import { factorRoutes } from "./factors.ts";
import { offersFactors } from "./offer.ts";
import { sessionRoutes } from "./sessions.ts";

const tag = "Account";
type Asking = Pick<Context, "request" | "ip">;

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/account",
    access: "caller",
    tag,
    summary: "Your account",
    answers: { 200: { description: "As it is.", schema: contract.account } },
    async handle({ db, request, ip }) {
      const [person] = await db.rows<Person>((sql) =>
        sql`select id, email, name from public.people where id = auth.uid()`
      );
      return ok(await shown(person, { request, ip }));
    },
  }),

  route({
    method: "PATCH",
    path: "/account",
    access: "caller",
    tag,
    summary: "Change what you are called, or the language of mails to you",
    body: contract.accountPatch,
    answers: { 200: { description: "As it is now.", schema: contract.account } },
    async handle({ db, request, ip, body }) {
      const { name, locale } = body;
      const [person] = await db.rows<Person>((sql) =>
        name === undefined
          ? sql`select id, email, name from public.people where id = auth.uid()`
          : sql`
            update public.people set name = ${name?.trim() ?? null} where id = auth.uid()
            returning id, email, name`
      );
      if (locale !== undefined) {
        const told = await setMetadata(await accessTokenOf(request), { locale }, { request, ip });
        if (!told.ok) throw new Problem("conflict", told.refusal.message || "Not changed.");
      }
      return ok(await shown(person, { request, ip }));
    },
  }),

  ...sessionRoutes,
  ...factorRoutes,
];

type Person = { id: string; email: string; name: string | null };

async function shown(person: Person | undefined, asking: Asking): Promise<contract.Account> {
  if (!person) throw unauthenticated("This account no longer exists.");
  const found = await ownUser(await accessTokenOf(asking.request), asking);
  // The token stands for us, but its session may have been ended there.
  if (!found.ok) throw unauthenticated("This session has ended. Sign in again.");
  return {
    ...person,
    locale: found.value.user_metadata?.locale ?? null,
    second_factors: await factorsOf(found.value, asking),
  };
}

async function factorsOf(user: AuthUser, asking: Asking) {
  const factors = (user.factors ?? []).filter(({ status, factor_type }) =>
    status === "verified" && factor_type === "totp"
  );
  if (factors.length === 0 && !(await offersFactors(asking))) return null;
  return factors.map(({ id, friendly_name, created_at }) => ({
    id,
    label: friendly_name || null,
    created_at,
  }));
}
