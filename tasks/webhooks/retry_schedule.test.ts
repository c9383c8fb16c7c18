import { describe, expect, test } from "vitest";
import { nextTry, retryAfter, retrySchedule } from "./retry_schedule.ts";

describe("the schedule", () => {
  const usual = retrySchedule.parse(undefined);

  test("is the contract's unless told otherwise", () => {
    const hours = 3_600_000;
    expect(usual).toEqual([
      5_000,
      300_000,
      1_800_000,
      ...[2, 5, 10, 14, 20, 24].map((n) => n * hours),
    ]);
    expect(retrySchedule.parse("0.2, 100ms,1m")).toEqual([200, 100, 60_000]);
    expect(retrySchedule.safeParse("soon").success).toBe(false);
  });

  test("varies by a tenth, heeds Retry-After within a day, and ends", () => {
    for (let n = 0; n < 50; n += 1) {
      expect(nextTry(usual, 1, 0)).toBeGreaterThanOrEqual(270_000);
      expect(nextTry(usual, 1, 0)).toBeLessThanOrEqual(330_000);
    }
    expect(nextTry(usual, 0, 60_000)).toBe(60_000);
    expect(nextTry(usual, 0, 1e12)).toBe(86_400_000);
    expect(nextTry(usual, 9, 0)).toBeNull();
    expect(retryAfter("120")).toBe(120_000);
    expect(retryAfter("Thu, 01 Jan 1970 00:01:00 GMT", 0)).toBe(60_000);
    expect([retryAfter("soon"), retryAfter("-5"), retryAfter(undefined)]).toEqual([0, 0, 0]);
  });
});
