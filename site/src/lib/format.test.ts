import { describe, expect, it } from "vitest";
import { formatDate, formatMoney, formatUnitPrice } from "./format.ts";

describe("money", () => {
  it("is written by the habits of a locale", () => {
    expect(formatMoney(1234.5, "EUR", "de-DE")).toBe("1.234,50\u00a0€");
    expect(formatMoney(1234.5, "HUF", "hu-HU")).toBe("1234,50\u00a0Ft");
    expect(formatMoney(1234.5, "JPY", "en-GB")).toBe("JP¥1,235");
    expect(formatUnitPrice(0.0125, "EUR", "en-GB")).toBe("€0.0125");
    expect(formatUnitPrice(12, "KWD", "en-GB")).toBe("KWD\u00a012.000");
  });
});

describe("days", () => {
  it("are those of the tenant's time zone", () => {
    expect(formatDate("2026-01-31T23:30:00Z", "en-GB", "Europe/Berlin")).toBe("1 Feb 2026");
    expect(formatDate("2026-01-31T23:30:00Z", "en-GB", "America/New_York")).toBe("31 Jan 2026");
  });
});
