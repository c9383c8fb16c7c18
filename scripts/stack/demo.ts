/** The demo data of the embedded stack: two tenants, six people, two years of orders. Loaded once. */
import postgres from "postgres";
import { StackError } from "./errors.ts";
import type { StackContext } from "./part.ts";

/** Everybody's password. */
export const PASSWORD = "kontor-demo";

const PEOPLE = [
  ["owner@acme.test", "Katharina Berger"],
  ["admin@acme.test", "Jonas Lindqvist"],
  ["member@acme.test", "Amira Haddad"],
  ["viewer@acme.test", "Piotr Zieliński"],
  ["owner@globex.test", "Grace Whitfield"],
  ["both@example.test", "Daniel Okafor"],
] as const;

async function signUp(ctx: StackContext, email: string, name: string): Promise<void> {
  const response = await fetch(`${ctx.urls.gateway}/auth/v1/signup`, {
    method: "POST",
    headers: { "content-type": "application/json", apikey: ctx.secrets.anonKey },
    body: JSON.stringify({ email, password: PASSWORD, data: { name } }),
  });
  const answer = await response.text();
  if (!response.ok) {
    throw new StackError(`demo data: ${email} could not sign up (${response.status}): ${answer}`);
  }
}

/**
 * Loads the demo data into a database without any tenant; otherwise does nothing. A start that was
 * killed half-way is completed by the next.
 * @param say prints a line of progress.
 * @throws StackError when a person cannot sign up.
 */
export async function ensureDemoData(
  ctx: StackContext,
  say: (text: string) => void,
): Promise<void> {
  const adminUrl = ctx.databaseUrl("supabase_admin");
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const [tenants] = await sql`select from public.tenants limit 1`;
    if (tenants) return;
    say("making two tenants with their customers, products and orders");
    const known = await sql<{ email: string }[]>`select email from public.people`;
    const emails = new Set(known.map(({ email }) => email));
    const missing = PEOPLE.filter(([email]) => !emails.has(email));
    await Promise.all(missing.map(([email, name]) => signUp(ctx, email, name)));
    const people = await sql<{ email: string; id: string }[]>`select email, id from public.people`;
    // The generator and its names of many languages are only loaded when they are needed.
    const { loadTenants } = await import("./demo/load.ts");
    const midnight = new Date().setUTCHours(0, 0, 0, 0);
    await loadTenants(adminUrl, new Map(people.map(({ email, id }) => [email, id])), midnight);
    say("2,200 orders are in");
  } finally {
    await sql.end({ timeout: 5 });
  }
}
