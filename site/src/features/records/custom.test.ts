import { describe, expect, it } from "vitest";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import { customFormOf, customRequest, customRows } from "./custom.ts";

const field = (key: string, type: CustomField["type"], required = false): CustomField => ({
  id: key,
  entity: "customer",
  key,
  label: key.toUpperCase(),
  type,
  required,
  choices: [],
  position: 1,
  created_at: "2026-01-01T00:00:00Z",
});

const FIELDS = [
  field("note", "text"),
  field("rating", "number"),
  field("since", "date"),
  field("vip", "boolean"),
  field("size", "choice"),
];
const EMPTY = { note: "", rating: "", since: "", vip: false, size: "" };

const sent = (form: Record<string, string | boolean>, stored = {}, fields = FIELDS) =>
  customRequest(fields, { ...EMPTY, ...form }, stored, "de-DE").custom;

describe("a form of custom fields", () => {
  it("shows what is stored as people write it, and stays blank for the rest", () => {
    const stored = { note: "x", rating: 1234.5, since: "2026-01-31", vip: true, size: "M" };
    expect(customFormOf(FIELDS, stored, "de-DE")).toEqual({ ...stored, rating: "1234,5" });
    expect(customFormOf(FIELDS, {}, "de-DE")).toEqual(EMPTY);
    // What is of another kind than its field asks for is not hidden, where it can be shown.
    const old = { note: 1, rating: "x" };
    expect(customFormOf(FIELDS, old, "de-DE")).toEqual({ ...EMPTY, rating: "x" });
  });

  it("sends what holds something", () => {
    expect(sent({})).toEqual({});
    expect(sent({ note: " a ", rating: "1.234,5", since: "2026-01-31", vip: true })).toEqual({
      note: "a",
      rating: 1234.5,
      since: "2026-01-31",
      vip: true,
    });
    expect(sent({ rating: "many" })).toEqual({ rating: "many" });
  });

  it("says no where yes or no is asked for, or was said before", () => {
    expect(sent({}, {}, [field("vip", "boolean", true)])).toEqual({ vip: false });
    expect(sent({}, { vip: false })).toEqual({ vip: false });
    expect(sent({}, { vip: true })).toEqual({});
  });

  it("keeps digits that it does not show, and forgets what is cleared", () => {
    const stored = { rating: 0.12345678, note: "x" };
    const form = customFormOf(FIELDS, stored, "de-DE");
    expect(sent({ ...form, note: "" }, stored)).toEqual({ rating: 0.12345678 });
  });

  it("sends nothing while there are no fields", () => {
    expect(customRequest([], {}, { free: [1] }, "en")).toEqual({});
  });
});

describe("custom values to be read", () => {
  it("are told by their fields", () => {
    const custom = { rating: 1234.5, since: "2026-01-31", vip: false, gone: 1, note: "" };
    expect(customRows(FIELDS, custom, "en-GB")).toEqual([
      { key: "rating", label: "RATING", value: "1,234.5" },
      { key: "since", label: "SINCE", value: "31 Jan 2026" },
      { key: "vip", label: "VIP", value: "No" },
    ]);
  });

  it("are told by their names where there are no fields", () => {
    expect(customRows([], { cost_centre: "A", deep: {} }, "en")).toEqual([
      { key: "cost_centre", label: "cost centre", value: "A" },
    ]);
  });
});
