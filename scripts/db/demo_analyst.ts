/** The login that `npm run sql -- --analyst` opens its prompt with. */
import { using } from "./scratch.ts";

const LABEL = "npm run sql";

/**
 * Gives an analyst of the demo tenant a new password, and makes them if need be; returns their address.
 * A prompt that is open with the password before is closed.
 * @param databaseUrl that of the database's owner.
 * @throws Error when there is no demo tenant.
 */
export async function demoAnalyst(databaseUrl: string): Promise<string> {
  return await using(databaseUrl, (sql) =>
    sql.begin(async (tx) => {
      const [demo] = await tx<{ tenant: string; owner: string; role_name: string | null }[]>`
        select t.id as tenant, m.user_id as owner, a.role_name
        from public.tenants t
        join public.memberships m on m.tenant_id = t.id and m.role = 'owner'
        left join private.analysts a
          on a.tenant_id = t.id and a.label = ${LABEL} and a.revoked_at is null
        where t.slug = 'acme' limit 1`;
      if (!demo) throw new Error("there is no demo tenant here: only the embedded stack has one");
      // Both ask for an admin of the tenant.
      await tx`
        select set_config('request.jwt.claims', ${JSON.stringify({ sub: demo.owner, role: "authenticated" })}, true),
          set_config('request.headers', ${JSON.stringify({ "x-tenant-id": demo.tenant })}, true)`;
      const [made] = await tx<{ login: { role_name: string; password: string } }[]>`
        select ${
          demo.role_name === null
            ? tx`public.create_analyst(${LABEL})`
            : tx`public.rotate_analyst(${demo.role_name})`
        } as login`;
      const url = new URL(databaseUrl);
      url.username = made?.login.role_name ?? "";
      url.password = made?.login.password ?? "";
      return url.href;
    }),
  );
}
