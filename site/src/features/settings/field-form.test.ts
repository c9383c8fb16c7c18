import { expect, it } from "vitest";
import { keyOf } from "./field-form.ts";

it.each([
  ["Cost centre", "cost_centre"],
  ["Größe (cm)", "groesse_cm"],
  ["Café crème!", "cafe_creme"],
  ["2nd contact", "nd_contact"],
  ["x".repeat(80), "x".repeat(63)],
  ["尺寸", ""],
])("what people call %s is %s to programs", (label, key) => {
  expect(keyOf(label)).toBe(key);
});
