/** What runs after the answer: a tenant's queue, and the mails sent for it. */
import { z } from "zod";
import { listOf, paging, text, timestamp, uuid } from "./common.ts";
import { email as address } from "./email.ts";

export const jobState = z.enum(["queued", "scheduled", "running", "retrying", "failed"]).meta({
  id: "JobState",
  description:
    "A job that is done leaves the queue. `failed` stays until it is retried or cancelled.",
});
export type JobState = z.infer<typeof jobState>;

export const job = z.object({
  id: z.string().meta({ example: "4711" }),
  task: z.string().meta({ description: "What it does.", example: "send_email" }),
  state: jobState,
  attempts: z.int(),
  max_attempts: z.int(),
  last_error: z.string().nullable(),
  next_attempt_at: timestamp().nullable(),
  subject: z.record(z.string(), z.unknown()).meta({ description: "The ids it is about." }),
  created_at: timestamp(),
  updated_at: timestamp(),
}).meta({ id: "Job" });
export type Job = z.infer<typeof job>;

export const jobList = listOf(job);
export const jobListQuery = z.strictObject({ ...paging, state: jobState.optional() });
export type JobListQuery = z.output<typeof jobListQuery>;

/** A positive bigint as text; anything else names no job. */
export const jobId = z.string().regex(/^[1-9]\d{0,17}$/);

export const emailStatus = z.enum(["queued", "sent", "failed"]).meta({ id: "EmailStatus" });

export const sentEmail = z.object({
  id: uuid(),
  template: z.string().meta({ example: "invitation" }),
  recipient: z.string(),
  status: emailStatus,
  response: z.string().nullable().meta({ description: "What the mail server answered last." }),
  subject: z.record(z.string(), z.unknown()).meta({ description: "The ids it is about." }),
  requested_by: uuid().nullable(),
  created_at: timestamp(),
  sent_at: timestamp().nullable(),
}).meta({ id: "Email" });
export type SentEmail = z.infer<typeof sentEmail>;

export const emailList = listOf(sentEmail);
export const emailListQuery = z.strictObject(paging);
export type EmailListQuery = z.output<typeof emailListQuery>;

export const orderSend = z.strictObject({
  to: address().optional().meta({ description: "The customer's address, if left out." }),
  note: text(2_000).optional().meta({ description: "Words of one's own, above what was ordered." }),
}).meta({ id: "OrderSend" });

export const orderSent = z.object({
  email: sentEmail.pick({ id: true, status: true, recipient: true }),
}).meta({ id: "OrderSent" });
