import type { Sql } from "postgres";

const REMEMBERED_MS = 5_000;
const MOST_REMEMBERED = 1_000;

/** Whether a tenant is there and was not deleted. */
export type LiveTenants = (id: string) => Promise<boolean>;

/** Asks the database about tenants, and remembers for five seconds which ones live. */
export function liveTenants(sql: Sql): LiveTenants {
  const known = new Map<string, number>();
  return async (id) => {
    if ((known.get(id) ?? 0) > Date.now()) return true;
    const [row] = await sql<{ live: boolean }[]>`select private.is_live_tenant(${id}) as live`;
    if (!row?.live) return false;
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(id, Date.now() + REMEMBERED_MS);
    return true;
  };
}
