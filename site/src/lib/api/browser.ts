import { type Api, createApi } from "./client.ts";

const byTenant = new Map<string, Api>();

/** The API as a browser calls it, on the portal's own origin with the session cookie, for one tenant. */
export function browserApi(tenantId: string): Api {
  const known = byTenant.get(tenantId);
  if (known) return known;
  const api = createApi({ base: "/api", headers: () => ({ "x-tenant-id": tenantId }) });
  byTenant.set(tenantId, api);
  return api;
}
