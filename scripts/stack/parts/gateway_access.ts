/** Who may pass the gateway, and with which Authorization: a pure decision. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "../../../site/server/http/problem.ts";

export type Keys = { readonly anonKey: string; readonly serviceRoleKey: string };

/** What the decision depends on. */
export type Caller = {
  readonly apikey: string | undefined;
  readonly authorization: string | undefined;
  /** The address of the socket's other end; never what a header says. */
  readonly peer: string;
};

/** Paths of /auth/v1 that a link in a mail or a provider's redirect opens, without any key. */
const OPEN_AUTH_PATH = /^\/auth\/v1\/(verify|callback|authorize|\.well-known\/[\w.-]+)$/;

function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

/** A claim of a token; its signature is checked by who honours it, not here. */
function claimed(token: string, name: string): unknown {
  try {
    const payload: unknown = JSON.parse(
      Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"),
    );
    return typeof payload === "object" && payload !== null
      ? new Map(Object.entries(payload)).get(name)
      : undefined;
  } catch {
    return undefined;
  }
}

const claimedRole = (token: string) => claimed(token, "role");

/**
 * For /rest/v1 and /auth/v1: a known apikey is needed; a person's own token wins over its role.
 * @returns the Authorization to send on.
 * @throws Problem unauthenticated.
 */
export function authorizeKeyed(caller: Caller, pathname: string, keys: Keys): string | undefined {
  const bearer = bearerOf(caller.authorization);
  const local = isLoopback(caller.peer);
  if (!local && bearer !== undefined && claimedRole(bearer) === "service_role") {
    throw new Problem("unauthenticated", "The service role is for this machine only.");
  }
  if (
    pathname.startsWith("/auth/") &&
    bearer !== undefined &&
    claimed(bearer, "api_key_id") !== undefined
  ) {
    throw new Problem("unauthenticated", "An API key has no account.");
  }
  if (caller.apikey === undefined) {
    if (OPEN_AUTH_PATH.test(pathname)) return undefined;
    throw new Problem("unauthenticated", "No API key found: send it in the header `apikey`.");
  }
  const service = same(caller.apikey, keys.serviceRoleKey);
  if (!service && !same(caller.apikey, keys.anonKey)) {
    throw new Problem("unauthenticated", "The API key is not known here.");
  }
  if (service && !local) {
    throw new Problem("unauthenticated", "The service role key is for this machine only.");
  }
  const isKey = bearer === undefined || bearer.startsWith("sb_") || bearer === caller.apikey;
  return isKey ? `Bearer ${service ? keys.serviceRoleKey : keys.anonKey}` : caller.authorization;
}

/**
 * For /functions/v1: no apikey is needed, and a project key says nothing about a person: the anon
 * key counts as no token at all, the service role is refused.
 * @returns the Authorization to send on.
 * @throws Problem unauthenticated.
 */
export function authorizeFunctions(caller: Caller, keys: Keys): string | undefined {
  const bearer = bearerOf(caller.authorization);
  if (bearer === undefined) return caller.authorization;
  if (claimedRole(bearer) === "service_role") {
    throw new Problem("unauthenticated", "The service role is not honoured here.");
  }
  return bearer.startsWith("sb_") || same(bearer, keys.anonKey) ? undefined : caller.authorization;
}
