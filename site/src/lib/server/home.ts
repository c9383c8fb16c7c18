import type { AstroCookies, AstroGlobal } from "astro";
import type { Session } from "../../../../functions/_shared/contracts/auth.ts";

export const LAST_TENANT_COOKIE = "kontor-tenant";

/** Where a caller is at home: the tenant used last, else the first; `/welcome` for who has none yet. */
export function homeOf(session: Session, cookies: AstroCookies): string {
  const last = cookies.get(LAST_TENANT_COOKIE)?.value;
  const tenant = session.tenants.find(({ slug }) => slug === last) ?? session.tenants[0];
  return tenant ? `/${tenant.slug}` : "/welcome";
}

/** Sends `/orders` and the like to the same page of the tenant used last. */
export function toActiveTenant(astro: AstroGlobal): Response {
  const { session } = astro.locals;
  const wanted = astro.url.pathname + astro.url.search;
  if (session === null) return astro.redirect(`/signin?next=${encodeURIComponent(wanted)}`, 303);
  const home = homeOf(session, astro.cookies);
  return astro.redirect(home === "/welcome" ? home : home + (wanted === "/" ? "" : wanted), 303);
}
