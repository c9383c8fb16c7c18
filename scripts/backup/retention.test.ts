import { expect, test } from "vitest";
import { expired, nameOf, timeOf } from "./retention.ts";

const DAY_MS = 86_400_000;
const nightly = (nights: number) =>
  Array.from({ length: nights }, (_, night) =>
    nameOf(new Date(Date.UTC(2026, 10, 22, 1, 7) - night * DAY_MS)),
  );

test("a name says when", () => {
  const at = new Date("2026-11-22T01:07:09Z");
  expect(nameOf(at)).toBe("20261122T010709Z");
  expect(timeOf("20261122T010709Z")).toEqual(at);
  expect(timeOf("20261322T010709Z")).toBeUndefined();
  expect(timeOf("notes.txt")).toBeUndefined();
});

test("the newest of each of the last days, weeks and months is kept", () => {
  const all = nightly(400);
  const keep = { daily: 7, weekly: 5, monthly: 12 };
  const gone = new Set(expired(all, keep));
  const kept = all.filter((id) => !gone.has(id));
  expect(kept.slice(0, 7)).toEqual(all.slice(0, 7));
  // Sundays end weeks; the last nights of months end months.
  expect(kept.slice(7, 10)).toEqual(["20261115T010700Z", "20261108T010700Z", "20261101T010700Z"]);
  expect(kept).toContain("20251231T010700Z");
  expect(kept).not.toContain("20251130T010700Z");
  expect(kept.length).toBeLessThanOrEqual(7 + 5 + 12);
  expect(expired(kept, keep)).toEqual([]);
});

test("those of a day stay, whatever the numbers say, and nothing else that is there is touched", () => {
  const none = { daily: 0, weekly: 0, monthly: 0 };
  expect(expired(["20261121T010700Z", "20261122T010700Z", "readme"], none)).toEqual([
    "20261121T010700Z",
  ]);
  expect(expired(["20261121T230000Z", "20261122T010700Z"], none)).toEqual([]);
  expect(expired([], none)).toEqual([]);
});
