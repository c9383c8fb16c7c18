/** Whether the running functions get on with the database: their health, and a read as a real member. */
import { SignJWT } from "jose";
import { z } from "zod";
import { using } from "../backup/connect.ts";

export type Smoke = {
  /** Ends in /functions/v1. */
  readonly functionsUrl: string;
  /** Signs access tokens. */
  readonly jwtSecret: string;
  /** A login that reads everything. */
  readonly databaseUrl: string;
};

const WAIT_MS = 15_000;
const health = z.object({
  status: z.string(),
  checks: z.record(z.string(), z.object({ status: z.string(), detail: z.string().optional() })),
});
const page = z.object({ data: z.array(z.object({ id: z.string(), number: z.string() })) });

async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(url, { headers, signal: AbortSignal.timeout(WAIT_MS) });
}

/** @throws Error saying what is wrong. */
export async function smokeTest({ functionsUrl, jwtSecret, databaseUrl }: Smoke): Promise<void> {
  const answer = await get(`${functionsUrl}/healthz`);
  const parsed = health.safeParse(await answer.json());
  if (!parsed.success) throw new Error(`GET /api/healthz answers ${answer.status}`);
  const report = parsed.data;
  if (report.status === "down") {
    const down = Object.entries(report.checks).filter(([, { status }]) => status === "down");
    throw new Error(down.map(([name, { detail }]) => `${name}: ${detail ?? "down"}`).join("; "));
  }
  const [member] = await using(
    databaseUrl,
    (sql) => sql<{ person: string; tenant: string }[]>`
      select m.user_id as person, m.tenant_id as tenant
      from public.memberships m
      join public.tenants t on t.id = m.tenant_id and t.deleted_at is null
      where exists (
        select from public.orders o where o.tenant_id = m.tenant_id and o.deleted_at is null)
      limit 1`,
  );
  if (!member) return; // A house without an order yet has nothing to read.
  const token = await new SignJWT({ role: "authenticated" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(member.person)
    .setExpirationTime("1 minute")
    .sign(new TextEncoder().encode(jwtSecret));
  const response = await get(`${functionsUrl}/orders?limit=1`, {
    authorization: `Bearer ${token}`,
    "x-tenant-id": member.tenant,
  });
  if (response.status !== 200) throw new Error(`GET /api/orders answers ${response.status}`);
  if (page.parse(await response.json()).data.length === 0) {
    throw new Error("GET /api/orders shows a member no order, and there are some");
  }
}
