import type { AuditAction, AuditEntry } from "../../../../functions/_shared/contracts/audit.ts";
import type { Tone } from "../../ui/Badge.tsx";

/** What was done, as people say it, and how it stands out. */
export const ACTIONS: Record<AuditAction, { label: string; tone: Tone }> = {
  create: { label: "Created", tone: "green" },
  update: { label: "Changed", tone: "blue" },
  delete: { label: "Deleted", tone: "red" },
  restore: { label: "Restored", tone: "green" },
  sign_in: { label: "Signed in", tone: "grey" },
  sign_in_failed: { label: "Sign-in failed", tone: "red" },
  sign_out: { label: "Signed out", tone: "grey" },
  export: { label: "Export requested", tone: "violet" },
  download: { label: "Downloaded", tone: "violet" },
  role_change: { label: "Role changed", tone: "amber" },
  key_created: { label: "Key created", tone: "amber" },
  key_revoked: { label: "Key revoked", tone: "amber" },
  analyst_created: { label: "Analyst added", tone: "amber" },
  analyst_rotated: { label: "Analyst's password changed", tone: "amber" },
  analyst_revoked: { label: "Analyst revoked", tone: "amber" },
  refused: { label: "Refused", tone: "red" },
  query: { label: "Query", tone: "grey" },
};

/** What something was done to. */
export const ENTITIES: Readonly<Record<string, string>> = {
  analyst: "Analyst",
  api_key: "API key",
  attachment: "File",
  audit_log: "Audit log",
  audit_values: "Values in the log",
  custom_field: "Custom field",
  customer: "Customer",
  document: "Document",
  email: "Mail",
  export: "Export",
  invitation: "Invitation",
  member: "Member",
  order: "Order",
  order_item: "Order item",
  product: "Product",
  session: "Session",
  storage_quota: "Storage quota",
  tenant: "Tenant",
  webhook: "Webhook",
};

export const DOORS: Readonly<Record<string, string>> = {
  portal: "Portal",
  api: "API",
  rest: "REST",
  auth: "Auth server",
  task: "Background job",
  sql: "SQL",
};

/** A name of the database as people read it: `unit_price` is "Unit price". */
export function fieldLabel(name: string): string {
  const words = name.replace(/_id$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A record's kind as people say it. */
export function entityLabel(type: string): string {
  return ENTITIES[type] ?? fieldLabel(type);
}

/** Who it was. */
export function actorName({ actor }: AuditEntry): string {
  if (actor.kind === "user") return actor.email ?? "Somebody who left";
  if (actor.kind === "api_key") return "An API key";
  return actor.id ?? "System";
}

const PAGES: Readonly<Record<string, string>> = {
  customer: "customers",
  order: "orders",
  product: "products",
};

/** The page of a record (`orders/<id>`), or null where there is none. */
export function recordPath(type: string, id: string): string | null {
  const page = PAGES[type];
  return page === undefined ? null : `${page}/${id}`;
}

/** The record that an entry is a part of. */
export function parentOf({ metadata }: AuditEntry): { type: string; id: string } | null {
  const { of } = metadata;
  if (typeof of !== "string") return null;
  const [type = "", id = ""] = of.split(":", 2);
  return { type, id };
}
