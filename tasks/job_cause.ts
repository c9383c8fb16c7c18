/** Which request caused a job: what private.job_cause() in sql/60_jobs.sql puts into its payload. */
import { z } from "zod";

const cause = z.object({ request_id: z.string().optional(), traceparent: z.string().optional() });
const caused = z.object({ caused_by: cause });

export type Cause = z.infer<typeof cause>;

/** Empty for what runs by the clock, and for what an operator put into the queue by hand. */
export function causeOf(payload: unknown): Cause {
  return caused.safeParse(payload).data?.caused_by ?? {};
}
