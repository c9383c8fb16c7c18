/** What an API key's scopes say about an endpoint. */

/** The domain by an address's first part; what is not here no scope names. */
const DOMAINS: Readonly<Record<string, string>> = {
  orders: "orders",
  customers: "customers",
  products: "products",
  uploads: "files",
  attachments: "files",
  exports: "exports",
  // What every key may look at (private.current_tenant).
  "custom-fields": "tenant",
  // Of each kind of event what its own scope allows.
  events: "tenant",
};

const PERSONAL = new Set(["account", "auth", "system"]);

const first = (path: string) => path.split("/")[1] ?? "";

/** The domain that scopes must name for a route, as the database knows it; null when none can. */
export function domainOf(path: string): string | null {
  // That its rows may be read as well, the database checks.
  return path.endsWith("/export") ? "exports" : DOMAINS[first(path)] ?? null;
}

/** Whether a route is about somebody's own account, or for people in person. */
export function isPersonal(path: string): boolean {
  return PERSONAL.has(first(path));
}
