/** When a delivery that failed is sent again. */
import { z } from "zod";

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, "": 1_000 };
const STEP = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/;
const USUAL = "5s,5m,30m,2h,5h,10h,14h,20h,24h";
/** Each wait is so much longer or shorter, by chance, so that what failed together is not retried together. */
const JITTER = 0.1;
/** However long an endpoint asks us to wait, we ask it again after a day. */
const LONGEST_MS = 24 * 3_600_000;

/** `5s,5m,2h`: the waits after the first, second, third failure; without a unit they are seconds. */
export const retrySchedule = z
  .string()
  .default(USUAL)
  .transform((text, context) =>
    text.split(",").map((step) => {
      const [, number = "", unit = ""] = STEP.exec(step.trim()) ?? [];
      if (number === "")
        context.addIssue({ code: "custom", message: `"${step}" is no wait such as 5s, 30m or 2h` });
      return Number(number) * (UNITS[unit] ?? 0);
    }),
  );

/**
 * Milliseconds until a delivery is sent again; null when it was tried often enough.
 * @param tries failed attempts before this one.
 * @param asked what the endpoint asked for, in milliseconds; 0 for nothing.
 */
export function nextTry(schedule: readonly number[], tries: number, asked: number): number | null {
  const step = schedule[tries];
  if (step === undefined) return null;
  const wait = step * (1 - JITTER + 2 * JITTER * Math.random());
  return Math.round(Math.max(wait, Math.min(asked, LONGEST_MS)));
}

/** Milliseconds that a `Retry-After` asks for: seconds or a date; 0 for none, or one that says nothing. */
export function retryAfter(value: string | undefined, now = Date.now()): number {
  if (value === undefined) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_MS) : 0;
}
