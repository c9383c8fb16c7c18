/** The auth server (Supabase Auth), as its HTTP interface speaks. */
import { z } from "zod";
import { env } from "./env.ts";
import { Problem } from "./errors.ts";

const TIMEOUT_MS = 10_000;
/** Asked for by GoTrue between two mails to one address; used when it does not say how long. */
const RETRY_AFTER_SECONDS = "60";

const factor = z.object({
  id: z.guid(),
  friendly_name: z.string().nullish(),
  factor_type: z.string(),
  status: z.string(),
  created_at: z.string(),
});
export type AuthFactor = z.infer<typeof factor>;

const user = z.object({
  id: z.guid(),
  email: z.string(),
  user_metadata: z.object({ locale: z.string().nullish().catch(null) }).nullish(),
  factors: z.array(factor).nullish(),
});
export type AuthUser = z.infer<typeof user>;

export const session = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  expires_at: z.number().meta({ description: "Seconds since 1970." }),
  user,
});
export type AuthSession = z.infer<typeof session>;

const failure = z.object({
  error_code: z.string().optional(),
  error: z.string().optional(),
  msg: z.string().optional(),
  error_description: z.string().optional(),
});

/** Whom the auth server should see as the one who asks: its rate limits and audit log go by it. */
export type Client = {
  readonly request: Request;
  readonly ip: string | null;
  /** What the session will be recognised by in the database; see functions/auth/announced.ts. */
  readonly mark?: string;
};

/** What the auth server refused, in its own words. */
export type Refusal = { readonly code: string; readonly message: string };
export type Outcome<T> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly refusal: Refusal;
};

/**
 * Makes a user. The value is a session, or only the user when the address must be confirmed first.
 * @throws Problem unavailable, rate_limited (all of these functions do).
 */
export function signUp(
  credentials: { email: string; password: string; data: Record<string, unknown> },
  client: Client,
): Promise<Outcome<AuthSession | AuthUser>> {
  return call("POST", "/signup", z.union([session, user]), client, { body: credentials });
}

/** A new session for an address and its password. */
export function signIn(
  credentials: { email: string; password: string },
  client: Client,
): Promise<Outcome<AuthSession>> {
  return call("POST", "/token?grant_type=password", session, client, { body: credentials });
}

/** A fresh pair of tokens; the given one is used up by it. */
export function refresh(refreshToken: string, client: Client): Promise<Outcome<AuthSession>> {
  return call("POST", "/token?grant_type=refresh_token", session, client, {
    body: { refresh_token: refreshToken },
  });
}

/** Ends the session of an access token that has not run out: its refresh token is void from then on. */
export function signOut(accessToken: string, client: Client): Promise<Outcome<unknown>> {
  return call("POST", "/logout?scope=local", z.unknown(), client, { accessToken });
}

/** Sends a mail with a code, if somebody has that address. */
export function recover(email: string, client: Client): Promise<Outcome<unknown>> {
  return call("POST", "/recover", z.unknown(), client, { body: { email } });
}

/** A session for the code in a recovery mail; the code is used up by it. */
export function verifyRecovery(
  proof: { email: string; token: string },
  client: Client,
): Promise<Outcome<AuthSession>> {
  return call("POST", "/verify", session, client, { body: { ...proof, type: "recovery" } });
}

/** Changes the password of whom the access token stands for. */
export function setPassword(
  accessToken: string,
  password: string,
  client: Client,
): Promise<Outcome<unknown>> {
  return call("PUT", "/user", z.unknown(), client, { accessToken, body: { password } });
}

/** Whom the access token stands for, with what the auth server alone knows of them. */
export function ownUser(accessToken: string, client: Client): Promise<Outcome<AuthUser>> {
  return call("GET", "/user", user, client, { accessToken });
}

/** Changes what the auth server keeps of a person besides their credentials. */
export function setMetadata(
  accessToken: string,
  data: Readonly<Record<string, unknown>>,
  client: Client,
): Promise<Outcome<unknown>> {
  return call("PUT", "/user", z.unknown(), client, { accessToken, body: { data } });
}

type Content = { readonly body?: unknown; readonly accessToken?: string };

/** Asks the auth server, as its HTTP interface speaks. */
export async function call<T>(
  method: string,
  path: string,
  schema: z.ZodType<T>,
  client: Client,
  content: Content,
): Promise<Outcome<T>> {
  const { response, body } = await exchange(method, path, client, content);
  if (response.ok) {
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw unavailable(parsed.error);
    return { ok: true, value: parsed.data };
  }
  if (response.status === 429) {
    throw new Problem("rate_limited", "Too many attempts. Wait a little.", {
      headers: { "retry-after": response.headers.get("retry-after") ?? RETRY_AFTER_SECONDS },
    });
  }
  if (response.status >= 500) throw unavailable(`status ${response.status}`);
  const { error_code, error, msg, error_description } = failure.catch({}).parse(body);
  return {
    ok: false,
    refusal: { code: error_code ?? error ?? "", message: msg ?? error_description ?? "" },
  };
}

async function exchange(method: string, path: string, client: Client, content: Content) {
  const agent = client.request.headers.get("user-agent") ?? "";
  const userAgent = client.mark === undefined ? agent : `${agent} kontor/${client.mark}`;
  try {
    const response = await fetch(`${env.SUPABASE_URL}/auth/v1${path}`, {
      method,
      headers: {
        apikey: env.SUPABASE_ANON_KEY,
        "content-type": "application/json",
        ...(content.accessToken ? { authorization: `Bearer ${content.accessToken}` } : {}),
        ...(client.ip ? { "x-forwarded-for": client.ip } : {}),
        ...(userAgent ? { "user-agent": userAgent } : {}),
      },
      ...(method === "GET" ? {} : { body: JSON.stringify(content.body ?? {}) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { response, body: parseJson(text) };
  } catch (error) {
    throw unavailable(error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a 204, or a proxy's own page
  }
}

function unavailable(cause: unknown): Problem {
  return new Problem("unavailable", "Signing in is not possible just now. Try again shortly.", {
    headers: { "retry-after": "2" },
    cause,
  });
}
