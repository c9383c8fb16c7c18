/** Reading a tenant's records as one of its people: with their rights and no others. */
import type { Sql, TransactionSql } from "postgres";

export type Person = {
  readonly tenant: string;
  /** The person's id. */
  readonly person: string;
  /** Who takes less than this role in the tenant is refused. */
  readonly role?: "viewer" | "member" | "admin" | "owner";
};

/**
 * Runs `work` in a read-only transaction that sees one moment of the database, as role
 * `authenticated` and this person, exactly as if they asked through the API.
 * @throws the database's error PT403 when they do not belong to the tenant or their role is less.
 */
export async function asPerson<T>(
  sql: Sql,
  { tenant, person, role = "viewer" }: Person,
  work: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  const claims = JSON.stringify({ sub: person, role: "authenticated" });
  const headers = JSON.stringify({ "x-tenant-id": tenant });
  const result = await sql.begin("isolation level repeatable read read only", async (tx) => {
    await tx`
      select set_config('request.jwt.claims', ${claims}, true),
        set_config('request.headers', ${headers}, true),
        set_config('role', 'authenticated', true)`;
    await tx`select private.require_role(${role})`;
    return { value: await work(tx) };
  });
  return result.value;
}
