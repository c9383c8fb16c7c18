/** Every task there is, by the name that SQL and code enqueue it under. */
import { backUp } from "./back_up.ts";
import { deleteObject } from "./delete_object.ts";
import { expireExports } from "./expire_exports.ts";
import { exportRecords } from "./export_records.ts";
import { makePreview } from "./make_preview.ts";
import { pruneExpired } from "./prune_expired.ts";
import { purgeTrash } from "./purge_trash.ts";
import { sealAudit } from "./seal_audit.ts";
import { sendEmail } from "./send_email.ts";
import { sweepUploads } from "./sweep_uploads.ts";
import type { Task } from "./task.ts";
import { tendAudit } from "./tend_audit.ts";
import { deliverWebhook } from "./webhooks/deliver_webhook.ts";
import { fanOutEvents } from "./webhooks/fan_out_events.ts";
import { tendWebhooks } from "./webhooks/tend_webhooks.ts";

export const registry = {
  back_up: backUp,
  delete_object: deleteObject,
  expire_exports: expireExports,
  export_records: exportRecords,
  fan_out_events: fanOutEvents,
  make_preview: makePreview,
  prune_expired: pruneExpired,
  purge_trash: purgeTrash,
  seal_audit: sealAudit,
  send_email: sendEmail,
  sweep_uploads: sweepUploads,
  tend_audit: tendAudit,
  tend_webhooks: tendWebhooks,
} satisfies Readonly<Record<string, Task>>;

/** What waits for strangers' machines, and therefore runs beside the others, many at once. */
export const deliveries = {
  deliver_webhook: deliverWebhook,
} satisfies Readonly<Record<string, Task>>;

export type TaskName = keyof typeof registry;
