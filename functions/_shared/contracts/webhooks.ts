/** Webhooks: addresses that a tenant's events are sent to, and what became of each delivery. */
import { z } from "zod";
import { listOf, paging, text, timestamp, uuid } from "./common.ts";

/** What an endpoint may subscribe to, in the order in which forms show it. */
export const EVENT_TYPES = [
  "order.created",
  "order.updated",
  "order.status_changed",
  "order.deleted",
  "order.restored",
  "customer.created",
  "customer.updated",
  "customer.deleted",
  "product.created",
  "product.updated",
  "product.deleted",
  "attachment.ready",
  "export.succeeded",
  "export.failed",
  "member.joined",
  "member.removed",
] as const;
export const eventType = z.enum(EVENT_TYPES);
export type EventType = z.infer<typeof eventType>;

/** An address as far as it can be judged by itself; where it leads is looked at by who sends there. */
const url = () =>
  z.string().max(2_000, "At most 2,000 characters.").superRefine((value, context) => {
    const fault = (message: string) => context.addIssue({ code: "custom", message });
    // Browsers' addresses forgive a line end; what is stored does not.
    const parsed = /^https?:\/\/[^\s\p{Cc}]+$/u.test(value) && URL.canParse(value)
      ? new URL(value)
      : null;
    if (parsed === null) fault("An address such as https://example.com/webhooks.");
    else if (parsed.username !== "" || parsed.password !== "") {
      fault("An address must not hold a login.");
    }
  }).meta({ format: "uri", example: "https://example.com/webhooks" });

const events = () =>
  z.array(eventType).min(1, "At least one event.")
    .refine((all) => new Set(all).size === all.length, "Each event once.");

const changeable = {
  url: url(),
  events: events(),
  description: text(1_000).nullable(),
  active: z.boolean().meta({ description: "Nothing that happens while it is not is sent" }),
};

export const newWebhook = z.strictObject(changeable).partial({ description: true, active: true })
  .meta({ id: "NewWebhook" });
export type NewWebhook = z.input<typeof newWebhook>;

export const webhookPatch = z.strictObject(changeable).partial().meta({ id: "WebhookPatch" });
export type WebhookPatch = z.input<typeof webhookPatch>;

export const webhook = z.object({
  id: uuid(),
  url: z.string(),
  events: z.array(eventType),
  description: z.string().nullable(),
  active: z.boolean(),
  disabled_reason: z.string().nullable().meta({
    description: "Why Kontor turned it off; null when a person did",
  }),
  created_at: timestamp(),
  last_success_at: timestamp().nullable(),
  last_failure_at: timestamp().nullable(),
  failing_since: timestamp().nullable().meta({
    description: "The first failure since it last succeeded",
  }),
  secret_rotated_at: timestamp().nullable(),
  version: z.int(),
}).meta({ id: "Webhook" });
export type Webhook = z.infer<typeof webhook>;

export const webhookWithSecret = webhook.extend({
  secret: z.string().meta({
    description: "What deliveries are signed with; shown this once",
    example: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  }),
}).meta({ id: "WebhookWithSecret" });
export type WebhookWithSecret = z.infer<typeof webhookWithSecret>;

export const webhookList = listOf(webhook);
export const webhookListQuery = z.strictObject(paging);

export const deliveryStatus = z.enum(["pending", "succeeded", "failed"]).meta({
  id: "DeliveryStatus",
  description: "`pending` waits for its first or next attempt; `failed` is not tried any more.",
});
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

export const delivery = z.object({
  id: uuid(),
  webhook_id: uuid(),
  event_id: uuid().meta({ description: "The webhook-id: the same on every retry and replay" }),
  event_type: z.string().meta({ example: "order.created" }),
  entity_type: z.string(),
  entity_id: uuid(),
  status: deliveryStatus,
  attempt_count: z.int(),
  next_attempt_at: timestamp().nullable(),
  response_status: z.int().nullable(),
  error: z.string().nullable(),
  created_at: timestamp(),
  finished_at: timestamp().nullable(),
}).meta({ id: "Delivery" });
export type Delivery = z.infer<typeof delivery>;

export const deliveryDetail = delivery.extend({
  request_body: z.string().meta({ description: "What is sent, and signed" }),
  attempts: z.array(z.object({
    at: timestamp(),
    duration_ms: z.int(),
    error: z.string().nullable(),
    request: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }),
    response: z.object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string().meta({ description: "Its first 4 KB" }),
    }).nullable(),
  })).meta({ description: "Newest first, 50 at most" }),
}).meta({ id: "DeliveryDetail" });
export type DeliveryDetail = z.infer<typeof deliveryDetail>;

export const deliveryList = listOf(delivery);
export const deliveryListQuery = z.strictObject({ ...paging, status: deliveryStatus.optional() });

export const replaySince = z.strictObject({
  since: timestamp().meta({ description: "Those of events told since then" }),
}).meta({ id: "ReplaySince" });
export const replayed = z.object({ replayed: z.int() }).meta({ id: "Replayed" });
