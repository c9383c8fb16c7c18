import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Tenant } from "../../../functions/_shared/contracts/tenancy.ts";
import { browserApi } from "../lib/api/browser.ts";
import type { Api } from "../lib/api/client.ts";
import { allows, type Role } from "../lib/roles.ts";

/** What every island is told by the page it stands on. */
export type PageContext = {
  tenant: Pick<Tenant, "id" | "slug" | "name" | "role" | "currency" | "time_zone">;
  locale: string;
};

const Context = createContext<PageContext | null>(null);

/** Tells everything within what the page knows. */
export function PageProvider({ page, children }: { page: PageContext; children: ReactNode }) {
  return <Context value={page}>{children}</Context>;
}

/** @throws Error outside a PageProvider. */
export function usePage(): PageContext {
  const page = useContext(Context);
  if (page === null) throw new Error("An island without its PageProvider.");
  return page;
}

/** The API of the active tenant. */
export function useApi(): Api {
  return browserApi(usePage().tenant.id);
}

/** Whether the caller may do what asks for a role. */
export function useAllows(needed: Role): boolean {
  return allows(usePage().tenant.role, needed);
}

/** Makes paths of the active tenant: `href("orders")` is `/acme/orders`. */
export function useHref(): (path: string) => string {
  const { slug } = usePage().tenant;
  return useMemo(() => (path: string) => `/${slug}/${path}`, [slug]);
}
