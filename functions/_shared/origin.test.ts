import { describe, expect, test } from "vitest";
import { provenance } from "./origin.ts";

const portal = "https://kontor.example.com";
const local = "http://127.0.0.1:3000";

describe("where a write comes from", () => {
  test.each([
    [portal, { origin: portal }, "portal"],
    [portal, { origin: "https://evil.example.com" }, "foreign"],
    [portal, { origin: "http://kontor.example.com" }, "foreign"],
    [portal, { origin: "https://kontor.example.com.evil.test" }, "foreign"],
    [portal, { origin: "https://kontor.example.com:8443" }, "foreign"],
    [portal, { origin: "null" }, "foreign"],
    [portal, { origin: "" }, "foreign"],
    [portal, { origin: "https://evil.test", "sec-fetch-site": "same-origin" }, "foreign"],
    [portal, { "sec-fetch-site": "same-origin" }, "portal"],
    [portal, { "sec-fetch-site": "same-site" }, "foreign"],
    [portal, { "sec-fetch-site": "cross-site" }, "foreign"],
    [portal, {}, "unknown"],
    [local, { origin: "http://localhost:3000" }, "portal"],
    [local, { origin: "http://[::1]:3000" }, "portal"],
    [local, { origin: "http://localhost:3001" }, "foreign"],
    [local, { origin: "http://localhost.evil.test:3000" }, "foreign"],
  ])("for %s, %o is %s", (url, headers, expected) => {
    expect(provenance(new Headers(headers as Record<string, string>), url)).toBe(expected);
  });
});
