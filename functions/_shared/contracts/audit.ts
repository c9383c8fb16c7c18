/** The audit log: who did what, from where, through which door. */
import { z } from "zod";
import { dateOrTime, listOf, paging, text, timestamp, uuid } from "./common.ts";

export const AUDIT_ACTIONS = [
  "create",
  "update",
  "delete",
  "restore",
  "sign_in",
  "sign_in_failed",
  "sign_out",
  "export",
  "download",
  "role_change",
  "key_created",
  "key_revoked",
  "analyst_created",
  "analyst_rotated",
  "analyst_revoked",
  "refused",
  "query",
] as const;
export const auditAction = z.enum(AUDIT_ACTIONS).meta({ id: "AuditAction" });
export type AuditAction = z.infer<typeof auditAction>;

/** The ways in, as `metadata.door` names them. */
export const AUDIT_DOORS = ["portal", "api", "rest", "auth", "task", "sql"] as const;

export const auditEntry = z.object({
  id: uuid(),
  at: timestamp(),
  actor: z.object({
    kind: z.enum(["user", "api_key", "analyst", "system"]),
    id: z.string().nullable().meta({
      description: "A person's or key's id; an analyst's or the system's database role.",
    }),
    email: z.string().nullish(),
  }),
  action: auditAction,
  entity_type: z.string().meta({ example: "order" }),
  entity_id: z.string(),
  changes: z.record(z.string(), z.array(z.unknown())).meta({
    description: "{field: [old, new]}",
    example: { status: ["pending", "processing"] },
  }),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  request_id: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).meta({
    description:
      "door: portal, api, rest, auth, task or sql. of: the record that this one is a part of, <type>:<id>. " +
      "currency: what amounts among the changes are in.",
  }),
}).meta({ id: "AuditEntry" });
export type AuditEntry = z.infer<typeof auditEntry>;

export const auditList = listOf(auditEntry).meta({ id: "AuditList" });

const filters = {
  entity_type: text(50, 1).optional().meta({ example: "order" }),
  entity_id: text(200, 1).optional(),
  actor_id: text(200, 1).optional(),
  action: auditAction.optional(),
  from: dateOrTime().optional(),
  to: dateOrTime().optional().meta({ description: "A day counts whole." }),
};

/** The query of `GET /audit`; newest first. */
export const auditListQuery = z.strictObject({
  ...filters,
  sort: z.enum(["-at"]).default("-at"),
  ...paging,
});
export type AuditListQuery = z.output<typeof auditListQuery>;

/** The query of `GET /audit/export`. */
export const auditExportQuery = z.strictObject(filters);
export type AuditExportQuery = z.output<typeof auditExportQuery>;

export const auditRetention = z.object({
  days: z.int().meta({ description: "How long the log is kept." }),
  sealed: z.int().meta({ description: "How many entries the chain of hashes has had." }),
  sealed_at: timestamp().nullable(),
}).meta({ id: "AuditRetention" });
export type AuditRetention = z.infer<typeof auditRetention>;

export const auditRetentionChange = z.strictObject({
  days: z.int().min(30, "At least 30 days.").max(36_500, "At most 36,500 days."),
});

export const auditErase = z.strictObject({
  entity_type: text(50, 1),
  entity_id: text(200, 1),
}).meta({ id: "AuditErase" });

export const auditErased = z.object({ entries: z.int() }).meta({ id: "AuditErased" });

/** What the gateway tells of a write that PostgREST refused: its answer, and to what. */
export const refusedWrite = z.object({
  method: text(10, 1),
  path: text(2_000, 1),
  answer: z.object({ message: z.string(), details: z.string().nullish() }),
}).meta({ id: "RefusedWrite" });
export type RefusedWrite = z.infer<typeof refusedWrite>;
