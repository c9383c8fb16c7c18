import { expect, it } from "vitest";
import { countryChoices } from "./countries.ts";

it("names every country once, and keeps what is stored selectable", () => {
  const choices = countryChoices("DE");
  expect(choices).toHaveLength(250);
  expect(choices).toContainEqual({ value: "DE", label: "Germany" });
  expect(choices.every(({ value, label }) => value !== label)).toBe(true);
  expect(countryChoices("Utopia")).toContainEqual({ value: "Utopia", label: "Utopia" });
});
