/** What tests use to talk to the running stack of test_setup.ts. */
import { randomUUID } from "node:crypto";
import postgres, { type Sql } from "postgres";
import { inject } from "vitest";
import { z } from "zod";
import { readStackFile, type Stack } from "./stack_file.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The path of the running stack's stack.json. */
    stackFile: string;
  }
}

/** The password of everybody whom the helpers and the demo data sign up. */
export const PASSWORD = "kontor-demo";

let parsed: Stack | undefined;

/** The running stack's addresses and keys. */
export function stack(): Stack {
  parsed ??= readStackFile(inject("stackFile"));
  return parsed;
}

/** From now on, in this test file, everything here speaks to another stack. */
export async function useStack(stackFile: string): Promise<void> {
  parsed = readStackFile(stackFile);
  await ownerSql?.end({ timeout: 1 });
  ownerSql = undefined;
}

/** The gateway's origin. */
export const apiUrl = (): string => stack().api_url;

/** The portal's origin. */
export const portalUrl = (): string => stack().portal_url;

let ownerSql: Sql | undefined;

/** The database as its owner, past row-level security; ends with the test process. */
export function owner(): Sql {
  ownerSql ??= postgres(stack().database_url, { max: 4, idle_timeout: 5, onnotice: () => {} });
  return ownerSql;
}

export type Call = {
  token?: string;
  /** The tenant's id, sent as X-Tenant-Id. */
  tenant?: string;
  method?: string;
  /** A string goes as it is; anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
};

/** `body` is parsed JSON where the answer is JSON, else its text. */
export type Answer = { status: number; headers: Headers; body: unknown };

async function call(url: string, options: Call, more: Record<string, string>): Promise<Answer> {
  const { token, tenant, body, headers } = options;
  const response = await fetch(url, {
    method: options.method ?? (body === undefined ? "GET" : "POST"),
    redirect: "manual",
    headers: {
      ...more,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(tenant === undefined ? {} : { "x-tenant-id": tenant }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

/** Calls the functions through the gateway; `path` is that of the contract, `/api/orders?limit=5`. */
export function api(path: string, options: Call = {}): Promise<Answer> {
  return call(`${apiUrl()}/functions/v1/${path.replace(/^\/?(api\/)?/, "")}`, options, {});
}

/** Calls PostgREST through the gateway; `path` is what follows `/rest/v1`. */
export function rest(path: string, options: Call = {}): Promise<Answer> {
  const url = `${apiUrl()}/rest/v1/${path.replace(/^\//, "")}`;
  return call(url, options, { apikey: stack().anon_key });
}

const session = z.object({ access_token: z.string(), user: z.object({ id: z.string() }) });

async function auth(path: string, body: unknown): Promise<z.infer<typeof session>> {
  const answer = await call(`${apiUrl()}/auth/v1/${path}`, { body }, { apikey: stack().anon_key });
  if (answer.status !== 200) {
    throw new Error(`auth/v1/${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return session.parse(answer.body);
}

/** Signs in; the demo people and everybody of signUp have the same password. Returns the access token. */
export async function signIn(email: string, password: string = PASSWORD): Promise<string> {
  return (await auth("token?grant_type=password", { email, password })).access_token;
}

export type Person = { id: string; email: string; token: string };

/** Signs up somebody whom nobody else knows. */
export async function signUp(name = "Test Person"): Promise<Person> {
  const email = `${randomUUID()}@people.test`;
  const made = await auth("signup", { email, password: PASSWORD, data: { name } });
  return { id: made.user.id, email, token: made.access_token };
}

export type TestTenant = {
  id: string;
  slug: string;
  owner: Person;
  /** The owner's access token. */
  token: string;
  /** Adds a new person in a role. */
  join(role: "viewer" | "member" | "admin" | "owner"): Promise<Person>;
};

/** A fresh tenant of its own, so that tests disturb neither one another nor the demo data. */
export async function newTenant(
  options: { currency?: string; timeZone?: string } = {},
): Promise<TestTenant> {
  const slug = `test-${randomUUID().slice(0, 12)}`;
  const person = await signUp("Owner");
  const [made] = await owner()<{ id: string }[]>`
    with tenant as (
      insert into public.tenants (slug, name, currency, time_zone)
      values (${slug}, ${`Test ${slug}`}, ${options.currency ?? "EUR"},
        ${options.timeZone ?? "Europe/Berlin"})
      returning id)
    select id from tenant`;
  if (!made) throw new Error("the tenant was not made");
  const { id } = made;
  const add = async (member: Person, role: string) => {
    await owner()`
      insert into public.memberships (tenant_id, user_id, role) values (${id}, ${member.id}, ${role})`;
    return member;
  };
  await add(person, "owner");
  return {
    id,
    slug,
    owner: person,
    token: person.token,
    join: async (role) => await add(await signUp(`A ${role}`), role),
  };
}
