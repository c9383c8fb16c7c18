/** Finds the route for a path. The first declared pattern that fits wins. */
import { TrieRouter } from "hono/router/trie-router";
import type { Method, Route } from "./route.ts";

export const BASE_PATH = "/functions/v1";

/** What a path is: its routes by method, and its parameters as they stand in the path. */
export type Match = {
  readonly methods: ReadonlyMap<Method, Route>;
  readonly params: Readonly<Record<string, string>>;
};

/** Builds the lookup for the allow-listed functions; undefined means there is no such path. */
export function makeRouter(
  functions: Readonly<Record<string, readonly Route[]>>,
): (pathname: string) => Match | undefined {
  const router = new TrieRouter<Map<Method, Route>>();
  for (const [name, routes] of Object.entries(functions)) {
    const patterns = new Map<string, Map<Method, Route>>();
    for (const one of routes) {
      const [, first] = one.path.split("/");
      if (first !== name) throw new Error(`${one.path} does not belong to the function ${name}`);
      const methods = patterns.get(one.path) ?? new Map<Method, Route>();
      if (methods.has(one.method)) throw new Error(`${one.method} ${one.path} is declared twice`);
      patterns.set(one.path, methods.set(one.method, one));
    }
    for (const [pattern, methods] of patterns) router.add("ALL", BASE_PATH + pattern, methods);
  }
  return (pathname) => {
    const [first] = router.match("ALL", pathname)[0];
    if (first === undefined) return undefined;
    const [methods, params] = first;
    return { methods, params: Object.fromEntries(Object.entries(params)) };
  };
}

/** The value of an `Allow` header. */
export function allowed(match: Match): string {
  const methods: string[] = [...match.methods.keys()];
  if (methods.includes("GET")) methods.push("HEAD");
  return [...methods, "OPTIONS"].sort().join(", ");
}
