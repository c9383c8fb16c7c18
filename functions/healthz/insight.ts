/** Who is told why a part is not well. */
import { authenticate } from "../_shared/authenticate.ts";
import { asCaller } from "../_shared/db.ts";
import { takeAddress, takeCaller } from "../_shared/rate_limit.ts";
import { toldHeaders } from "../_shared/told_headers.ts";

/** IPv4's and IPv6's own machine, and the former in the latter's clothes. */
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * Whether a request comes from inside (past no gateway, or from this machine), or with the bearer token
 * of an operator or of an admin of the active tenant. Never throws: health is for everybody.
 */
export async function maySeeDetails(request: Request, requestId: string): Promise<boolean> {
  // Written by the gateway and the portal, which take a client's own away.
  const address = request.headers.get("x-forwarded-for");
  if (address === null || LOOPBACK.test(address)) return true;
  // Not by cookie: its renewal would have to go out with the answer.
  if (request.headers.get("authorization") === null) return false;
  try {
    // Here a token that does not hold is no refusal, so whoever tries them is counted beforehand.
    takeAddress(address);
    const caller = await authenticate(request, () => {});
    takeCaller(caller);
    const [row] = await asCaller<{ may: boolean }>(
      {
        claims: caller.claims,
        headers: JSON.stringify(toldHeaders(request, requestId)),
        access: "caller",
        domain: null,
        readOnly: true,
      },
      (sql) =>
        sql`select public.is_operator() or private.current_tenant('admin') is not null as may`,
    );
    return row?.may === true;
  } catch {
    return false;
  }
}
