import { expect, it } from "vitest";
import { owner } from "../../../scripts/stack/testing.ts";
import { CURRENCIES, minorDigits } from "./currencies.ts";

it("knows the currencies of the database, and their digits", async () => {
  const rows = await owner()<{ code: string; minor_digits: number }[]>`
    select code, minor_digits from public.currencies order by code`;
  expect(CURRENCIES.map((code) => ({ code, minor_digits: minorDigits(code) }))).toEqual([...rows]);
});
