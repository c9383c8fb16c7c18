/** Counting attempts; what the auth server counts is tried in auth.test.ts. */
import { expect, it } from "vitest";
import { createAttempts } from "./auth_attempts.ts";

it("lets a burst through, then one at a time, for each name by itself", () => {
  let now = 0;
  const attempts = createAttempts({ burst: 3, everySeconds: 10 }, () => now);
  expect([1, 2, 3].map(() => attempts.take("a"))).toEqual([0, 0, 0]);
  expect(attempts.take("a")).toBe(10);
  now += 4_000;
  expect(attempts.take("a")).toBe(6);
  expect(attempts.take("b")).toBe(0);
  now += 6_000;
  expect(attempts.take("a")).toBe(0);
  expect(attempts.take("a")).toBe(10);
  now += 3_600_000;
  expect([1, 2, 3, 4].map(() => attempts.take("a"))).toEqual([0, 0, 0, 10]);
});

it("forgets an attempt that was given back", () => {
  const attempts = createAttempts({ burst: 1, everySeconds: 10 }, () => 0);
  for (let i = 0; i < 5; i++) {
    expect(attempts.take("a")).toBe(0);
    attempts.giveBack("a");
  }
});
