import type { PageContext } from "../../ui/context.tsx";

/**
 * What the islands of a tenant's page are told.
 * @throws Error on a page outside /[tenant], where the middleware sets no tenant.
 */
export function pageContext({ tenant, locale }: App.Locals): PageContext {
  if (tenant === null) throw new Error("Not a tenant's page.");
  const { id, slug, name, role, currency, time_zone } = tenant;
  return { tenant: { id, slug, name, role, currency, time_zone }, locale };
}
