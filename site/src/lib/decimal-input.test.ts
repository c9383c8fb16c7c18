import { describe, expect, it } from "vitest";
import { decimalText, parseDecimal } from "./decimal-input.ts";

describe("parseDecimal", () => {
  it.each([
    ["en-GB", "1234.5", 1234.5],
    ["en-GB", "1,234.5", 1234.5],
    ["en-GB", "1,234", 1234],
    ["en-GB", "1.234", 1.234],
    ["en-GB", "1,5", 1.5],
    ["en-GB", ".5", 0.5],
    ["de-DE", "1234,5", 1234.5],
    ["de-DE", "1.234,5", 1234.5],
    ["de-DE", "1234.5", 1234.5],
    ["de-DE", "1.234", 1234],
    ["de-DE", "12.5", 12.5],
    ["fr-FR", "1 234,5", 1234.5],
    ["de-CH", "1’234.5", 1234.5],
    ["en-GB", "-3", -3],
  ])("%s reads %s as %d", (locale, text, value) => {
    expect(parseDecimal(text, locale)).toBe(value);
  });

  it.each(["abc", "1.2.3", "1,2,3", "--1", "1e5", "0x10", "∞", "."])("%s is no number", (text) => {
    expect(parseDecimal(text, "en-GB")).toBeNaN();
  });

  it("tells an empty field from a wrong one", () => {
    expect(parseDecimal("  ", "en-GB")).toBeUndefined();
  });

  it.each(["en-GB", "de-DE", "fr-FR", "de-CH", "ar-EG", "hi-IN"])(
    "reads back what it writes in %s",
    (locale) => {
      for (const value of [0, 1, 0.001, 1234.5678, 1_000_000_000, 12.3]) {
        expect(parseDecimal(decimalText(value, locale), locale)).toBe(value);
      }
    },
  );
});
