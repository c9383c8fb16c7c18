import { type Api, ApiError, createApi } from "./client.ts";

const byTenant = new Map<string, Api>();

/** The API as a browser calls it, on the portal's own origin with the session cookie, for one tenant. */
export function browserApi(tenantId: string): Api {
  const known = byTenant.get(tenantId);
  if (known) return known;
  const api = createApi({ base: "/api", headers: () => ({ "x-tenant-id": tenantId }) });
  const telling: Api = async (method, path, options) => {
    try {
      return await api(method, path, options);
    } catch (error) {
      throw error instanceof ApiError && error.status === 401 ? signedOut(error) : error;
    }
  };
  byTenant.set(tenantId, telling);
  return telling;
}

/** Says what to do so that nothing typed is lost. */
function signedOut({ requestId }: ApiError): ApiError {
  return new ApiError({
    status: 401,
    code: "unauthenticated",
    detail: "You are signed out. Sign in again in another window, then try again here.",
    ...(requestId ? { request_id: requestId } : {}),
  });
}
