import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromWallClock, toWallClock } from "./zoned.ts";

describe("wall clocks", () => {
  it.each([
    ["2026-01-31T23:30:00.000Z", "Europe/Berlin", "2026-02-01T00:30"],
    ["2026-07-01T10:00:00.000Z", "America/New_York", "2026-07-01T06:00"],
    ["2026-07-01T10:00:00.000Z", "Asia/Kathmandu", "2026-07-01T15:45"],
    ["2026-07-01T10:00:00.000Z", "UTC", "2026-07-01T10:00"],
  ])("%s in %s is %s, and back", (instant, zone, wall) => {
    expect(toWallClock(instant, zone)).toBe(wall);
    expect(fromWallClock(wall, zone)).toBe(instant);
  });

  it("gives back the minute it was given, but for the hours that clock changes repeat", () => {
    const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"];
    const minute = fc.integer({ min: Date.UTC(2000) / 60_000, max: Date.UTC(2037) / 60_000 });
    fc.assert(
      fc.property(minute, fc.constantFrom(...zones), (minutes, zone) => {
        const instant = new Date(minutes * 60_000).toISOString();
        const wall = toWallClock(instant, zone);
        // In a repeated hour the other of two instants is as right.
        expect(toWallClock(fromWallClock(wall, zone), zone)).toBe(wall);
      }),
    );
  });
});
