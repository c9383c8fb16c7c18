import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localPath } from "./local-path.ts";

const SITE = "https://kontor.example";

describe("localPath", () => {
  it.each(["/acme/orders", "/acme/orders?status=pending,processing&q=a%20b", "/"])(
    "keeps %s",
    (path) => {
      expect(localPath(path)).toBe(path);
    },
  );

  it.each([
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "acme",
    "",
    null,
    undefined,
  ])("refuses %j", (path) => {
    expect(localPath(path, "/home")).toBe("/home");
  });

  it("never leaves the site, whatever it is given", () => {
    const text = fc.string({ unit: fc.constantFrom(..."/\\.:@?#%\t\n ehx09") });
    fc.assert(
      fc.property(text, (path) => {
        expect(new URL(localPath(path), SITE).origin).toBe(SITE);
      }),
    );
  });
});
