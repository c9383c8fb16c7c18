/**
 * The few headers that the database is told, for its rules and for the audit log: never Authorization or
 * Cookie. Address and prefix are set by our own gateway and portal, which take a client's away.
 */
const TOLD = ["x-tenant-id", "user-agent", "x-forwarded-for", "x-forwarded-prefix"];

/** Those of a request, with the id it is answered under. */
export function toldHeaders(request: Request, requestId: string): Record<string, string> {
  const headers: Record<string, string> = { "x-request-id": requestId };
  for (const name of TOLD) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}
