import { describe, expect, it } from "vitest";
import { formattingLocale } from "./locale.ts";

describe("formattingLocale", () => {
  it.each([
    ["de-DE,de;q=0.9,en;q=0.8", "de-DE"],
    ["en;q=0.5, fr-CH", "fr-CH"],
    ["xx-invalid-tag-that-is-much-too-long, ar", "ar"],
    ["*", "en-GB"],
    ["de;q=0", "en-GB"],
    ["<script>", "en-GB"],
    [null, "en-GB"],
  ])("%s: %s", (header, locale) => {
    expect(formattingLocale(header)).toBe(locale);
  });
});
