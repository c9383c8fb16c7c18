/** Which public prefix leads where, and what is asked of a caller there. */

import { Problem } from "../../../site/server/http/problem.ts";
import type { Upstreams } from "../part.ts";
import { authorizeFunctions, authorizeKeyed, type Caller, type Keys } from "./gateway_access.ts";

/** The contract's limit of a body: 1 MiB. */
const BODY_LIMIT = 1024 * 1024;

export type Route = {
  readonly prefix: string;
  readonly upstream: keyof Upstreams;
  readonly bodyLimit: number | undefined;
  /** A signature covers the Host, so it must arrive as the client wrote it. */
  readonly keepHost: boolean;
  /** Whether an API key is exchanged for a token here; the functions take the keys themselves. */
  readonly takesApiKeys: boolean;
  /** The Authorization to send on; false leaves the header alone. */
  authorize(caller: Caller, pathname: string, keys: Keys): string | undefined | false;
};

const ROUTES: readonly Route[] = [
  {
    prefix: "/rest/v1",
    upstream: "rest",
    bodyLimit: BODY_LIMIT,
    keepHost: false,
    takesApiKeys: true,
    authorize: authorizeKeyed,
  },
  {
    prefix: "/auth/v1",
    upstream: "auth",
    bodyLimit: BODY_LIMIT,
    keepHost: false,
    takesApiKeys: false,
    authorize: authorizeKeyed,
  },
  {
    prefix: "/functions/v1",
    upstream: "functions",
    bodyLimit: BODY_LIMIT,
    keepHost: false,
    takesApiKeys: false,
    authorize: (caller, _pathname, keys) => authorizeFunctions(caller, keys),
  },
  {
    // A signature says who calls; the size is part of what was signed.
    prefix: "/storage/v1/s3",
    upstream: "s3",
    bodyLimit: undefined,
    keepHost: true,
    takesApiKeys: false,
    authorize: () => false,
  },
];

const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

/** `.` and `..` as a segment, also percent-encoded or after a backslash: a way round the prefix. */
const DOT_SEGMENT = /(^|[/\\]|%2f|%5c)(\.|%2e){1,2}($|[/\\]|%2f|%5c)/i;

export type Match = { route: Route; pathname: string; rest: string };

/**
 * Finds the route of a request target.
 * @returns `rest`: the path with its query behind the prefix.
 * @throws Problem not_found, method_not_allowed.
 */
export function matchRoute(method: string, target: string): Match {
  const pathname = target.split("?", 1)[0] ?? "";
  const route = ROUTES.find(
    ({ prefix }) => pathname === prefix || pathname.startsWith(`${prefix}/`),
  );
  if (!route || DOT_SEGMENT.test(pathname)) {
    throw new Problem("not_found", "There is nothing at this address.");
  }
  if (!METHODS.has(method)) {
    throw new Problem("method_not_allowed", `The method ${method} is not served here.`);
  }
  return { route, pathname, rest: target.slice(route.prefix.length) };
}
