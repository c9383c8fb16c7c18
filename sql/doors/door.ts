import type { Sql } from "postgres";

/** Who comes in: a person with a role in a tenant, and what they carry to each door. */
export type Visitor = {
  name: string;
  token: string;
  cookie: string;
  /** The tenant the visitor names, by X-Tenant-Id; null names none. */
  tenant: string | null;
  /** The visitor's own database login, for those who have one. */
  sql: Sql | null;
};

/** What a visitor tries on an order, a customer or an item of some tenant. */
export type Target = { tenant: string; order: string; customer: string; number: string };

/**
 * What came of it. `done`: seen or written. `nothing`: as if it did not exist. `refused`: said no.
 */
export type Outcome = "done" | "nothing" | "refused";

export type Verb =
  | "read"
  | "list"
  | "search"
  | "create"
  | "use customer"
  | "change"
  | "add item"
  | "trash";

/** One of the ways in. `null`: this visitor or verb has no way through this door. */
export type Door = {
  name: string;
  attempt(visitor: Visitor, verb: Verb, target: Target): Promise<Outcome> | null;
};
