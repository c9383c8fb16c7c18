import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slugFrom } from "./slug.ts";

describe("slugFrom", () => {
  it.each([
    ["Müller & Söhne GmbH", "muller-sohne-gmbh"],
    ["  Straßenbau 24/7  ", "strassenbau-24-7"],
    ["太安市成有限公司", ""],
  ])("%s: %s", (name, slug) => {
    expect(slugFrom(name)).toBe(slug);
  });

  it("is empty or fits the contract's form", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(slugFrom(name)).toMatch(/^([a-z0-9]+(-[a-z0-9]+)*)?$/);
      }),
    );
  });
});
