import type { Session } from "../../../../functions/_shared/contracts/auth.ts";
import { ANSWERS_WITHIN_MS, type Caller, callerHeaders, functionsBase } from "./functions.ts";

export type Resolved = {
  session: Session | null;
  /** Cookies the API renewed or removed; they belong in the page's answer. */
  setCookies: string[];
};

/**
 * Asks the API who the cookie belongs to.
 * @throws Error when the API does not answer or answers with neither a session nor a 401.
 */
export async function resolveSession(caller: Caller): Promise<Resolved> {
  if (!caller.cookie?.includes("kontor-session")) return { session: null, setCookies: [] };
  const response = await fetch(`${functionsBase}/auth/session`, {
    headers: callerHeaders(caller),
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  });
  const setCookies = response.headers.getSetCookie();
  if (response.status === 401) return { session: null, setCookies };
  if (!response.ok) throw new Error(`auth/session answered ${response.status}`);
  return { session: (await response.json()) as Session, setCookies };
}

/** The Cookie header a browser would send after taking these Set-Cookie values. */
export function applySetCookies(
  cookie: string | null,
  setCookies: readonly string[],
): string | null {
  if (setCookies.length === 0) return cookie;
  const jar = new Map<string, string>();
  for (const pair of [
    ...(cookie ?? "").split(";"),
    ...setCookies.map((line) => line.split(";")[0]),
  ]) {
    const [name, ...value] = (pair ?? "").trim().split("=");
    if (name) jar.set(name, value.join("="));
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}
