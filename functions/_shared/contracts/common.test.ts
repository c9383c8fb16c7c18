import fc from "fast-check";
import { expect, test } from "vitest";
import { address, decimal, openObject, percent, quantity, text, timestamp } from "./common.ts";

const fits = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

test("a decimal is taken exactly when it has no more digits than it may", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 999_999 }),
    fc.integer({ min: 0, max: 99_999 }),
    fc.integer({ min: 1, max: 4 }),
    (whole, fraction, digits) => {
      const written = `${whole}.${String(fraction).padStart(5, "0")}`;
      const needed = written.replace(/\.?0+$/, "").split(".")[1]?.length ?? 0;
      expect(fits(decimal(digits), Number(written))).toBe(needed <= digits);
    },
  ));
});

test.each([
  -0.001,
  1e300,
  Infinity,
  -Infinity,
  NaN,
  1e-9,
  "1",
  null,
  true,
  1_000_000_001,
  [1],
  5e-324,
])(
  "%s is no quantity",
  (value) => expect(fits(quantity(), value)).toBe(false),
);

test.each([0, -0, 0.001, 1, 1e9, 999_999_999.999])(
  "%s is a quantity",
  (value) => expect(fits(quantity(), value)).toBe(true),
);

test("a percentage is 0 to 100", () => {
  expect([0, 100, 12.5, 33.3333].every((value) => fits(percent(), value))).toBe(true);
  expect([-1, 100.0001, 101, 0.00001].some((value) => fits(percent(), value))).toBe(false);
});

test("a text may be as long as it may be, counted in characters", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (value) => {
    const storable = !value.includes("\0") && value.isWellFormed();
    expect(fits(text(20), value)).toBe(storable && [...value].length <= 20);
  }));
  expect(fits(text(5), "😀".repeat(5))).toBe(true);
  expect(fits(text(5), "😀".repeat(6))).toBe(false);
});

test("what cannot be stored is refused wherever it hides", () => {
  fc.assert(fc.property(
    fc.object({ maxDepth: 3, maxKeys: 4 }),
    fc.constantFrom("\0", "a\0", "\ud800", "\udfff x"),
    (value, bad) => {
      expect(fits(openObject(), { ...value, key: [{ deep: bad }] })).toBe(false);
      expect(fits(openObject(), { ...value, list: [{ [bad]: 1 }] })).toBe(false);
    },
  ));
});

test("an open object is small and shallow", () => {
  expect(fits(openObject(), { a: { b: [1, "x", null, true, { c: 0.5 }] } })).toBe(true);
  expect(fits(openObject(), { a: JSON.parse("[".repeat(5_000) + "]".repeat(5_000)) })).toBe(false);
  expect(fits(openObject(), { a: "x".repeat(20_001) })).toBe(false);
  expect(fits(openObject(), Object.fromEntries(Array.from({ length: 201 }, (_, i) => [i, i]))))
    .toBe(false);
  expect([[], null, "x", 1, new Date()].some((value) => fits(openObject(), value))).toBe(false);
});

test("an address is texts under any short key", () => {
  expect(fits(address(), { line1: "Main Street 1", city: "", dock: "B" })).toBe(true);
  expect(fits(address(), { line1: 5 })).toBe(false);
  expect(fits(address(), { line1: null })).toBe(false);
  expect(fits(address(), { dock: { number: 1 } })).toBe(false);
  expect(fits(address(), { "a\0": "x" })).toBe(false);
});

test("a time is RFC 3339 with an offset", () => {
  const good = ["2026-01-31T09:00:00Z", "2024-02-29T23:59:59.123456+14:00"];
  const bad = [
    "2026-01-31",
    "2026-01-31T09:00:00",
    "2025-02-29T00:00:00Z",
    "0000-01-01T00:00:00Z",
    5,
  ];
  expect(good.every((value) => fits(timestamp(), value))).toBe(true);
  expect(bad.some((value) => fits(timestamp(), value))).toBe(false);
});
