/**
 * What the audit log holds besides changes of rows: files that were given out, writes that were refused,
 * people who sign in and out. Every change of a row is the database's own to record
 * (sql/84_audit_changes.sql).
 */
import type { Caller, Downloaded } from "./context.ts";
import type { RefusedWrite } from "./contracts/audit.ts";
import { problemOf } from "./database_errors.ts";
import { asFunctions, asOurselves, type RequestContext } from "./db.ts";
import { Problem } from "./errors.ts";
import { log } from "./log.ts";
import type { Route } from "./route.ts";
import { toldHeaders } from "./told_headers.ts";

/** What the first part of an address is about, here and at /rest/v1. */
const ENTITIES: Readonly<Record<string, string>> = {
  "api-keys": "api_key",
  analysts: "analyst",
  attachments: "attachment",
  audit: "audit_log",
  customers: "customer",
  "custom-fields": "custom_field",
  exports: "export",
  invitations: "invitation",
  jobs: "job",
  members: "member",
  memberships: "member",
  order_items: "order_item",
  orders: "order",
  products: "product",
  tenants: "tenant",
  uploads: "attachment",
  webhooks: "webhook",
};

/** Records that the caller was given a file; a repetition within a minute is the same download. */
export async function recordDownload(told: RequestContext, what: Downloaded): Promise<void> {
  const { entityType, entityId, metadata = {} } = what;
  await asFunctions(
    { ...told, readOnly: false },
    (sql, tenant) =>
      sql`select private.record_download(${tenant}, ${entityType}, ${entityId}, ${
        JSON.stringify(metadata)
      }::text::jsonb)`,
  );
}

/** Records a write that PostgREST refused, as the gateway tells of it; who is no member leaves nothing. */
export async function recordRefusedWrite(
  told: { readonly claims: string; readonly headers: string },
  { method, path, answer }: RefusedWrite,
): Promise<void> {
  const { message, details } = answer;
  const metadata = JSON.stringify({
    method,
    path: path.slice(0, 500),
    code: message === "forbidden" ? message : undefined,
    reason: (details || message).slice(0, 1_000),
  });
  const entity = ENTITIES[path.split("/")[3] ?? ""] ?? "request";
  await asOurselves(
    told,
    (sql) => sql`select private.record_refusal(${entity}, '', ${metadata}::text::jsonb)`,
  );
}

type Refused = {
  readonly request: Request;
  readonly requestId: string;
  readonly route: Route | undefined;
  readonly params: Readonly<Record<string, string>> | undefined;
  readonly caller?: Caller;
};

/**
 * Records a write that a known caller was refused (403), in a transaction of its own after the write's
 * was rolled back. Never throws: the answer goes out whatever becomes of it.
 */
export async function recordRefusal(error: unknown, refused: Refused): Promise<void> {
  const { request, requestId, route, params = {}, caller } = refused;
  const { method } = request;
  if (caller === undefined || route === undefined || method === "GET" || method === "HEAD") return;
  const problem = error instanceof Problem ? error : problemOf(error, "body");
  if (problem?.status !== 403) return;
  const { pathname } = new URL(request.url);
  const metadata = JSON.stringify({
    method,
    path: pathname.slice(0, 500),
    code: problem.code,
    reason: problem.message,
  });
  const entity = ENTITIES[route.path.split("/")[1] ?? ""] ?? "request";
  const [id = ""] = Object.values(params);
  try {
    const headers = JSON.stringify(toldHeaders(request, requestId));
    await asOurselves(
      { claims: caller.claims, headers },
      (sql) => sql`select private.record_refusal(${entity}, ${id}, ${metadata}::text::jsonb)`,
    );
  } catch (failure) {
    log.warn({ request_id: requestId, err: failure }, "a refusal was not recorded");
  }
}
