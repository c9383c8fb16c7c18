/** A tenant's settings between the API and a form that works without scripts. */
import type { Tenant } from "../../../../functions/_shared/contracts/tenancy.ts";

/** In the order of a letter; `place` is where each stands in a grid of six columns. */
export const ADDRESS_FIELDS = [
  { name: "line1", label: "Street", place: "sm:col-span-3" },
  { name: "line2", label: "Address line 2", place: "sm:col-span-3" },
  { name: "postal_code", label: "Postal code", place: "sm:col-span-2" },
  { name: "city", label: "City", place: "sm:col-span-4" },
  { name: "region", label: "Region", place: "sm:col-span-3" },
  { name: "country", label: "Country", place: "sm:col-span-3" },
] as const;

const TEXTS = ["name", "currency", "time_zone", "locale", "order_prefix"] as const;
const OPTIONAL = ["tax_id", "phone", "email"] as const;

/** What the form shows, by the names of its fields; an address's begin with `address.`. */
export function tenantForm(tenant: Tenant): Record<string, string> {
  const own = [...TEXTS, ...OPTIONAL].map((name) => [name, tenant[name] ?? ""]);
  const address = Object.entries(tenant.address ?? {}).map(([key, line]) => [
    `address.${key}`,
    line ?? "",
  ]);
  return Object.fromEntries([...own, ...address]);
}

/** The change that a sent form asks for: what was left empty is taken away. */
export function tenantChange(given: Readonly<Record<string, string>>): Record<string, unknown> {
  const lines = Object.entries(given).flatMap(([name, value]) =>
    name.startsWith("address.") && value.trim() !== ""
      ? [[name.slice("address.".length), value.trim()] as const]
      : [],
  );
  return {
    ...Object.fromEntries(TEXTS.map((name) => [name, given[name] ?? ""])),
    ...Object.fromEntries(OPTIONAL.map((name) => [name, given[name]?.trim() || null])),
    address: lines.length > 0 ? Object.fromEntries(lines) : null,
  };
}

/** The languages that documents are written in, each with the habits of its countries. */
const LOCALES = ["en", "en-GB", "en-US", "de", "de-AT", "de-CH", "de-DE"];

/** Those to choose from; the present one is always among them. */
export function localeChoices(present: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames("en", { type: "language" });
  return [...new Set([...LOCALES, present])].map((value) => ({
    value,
    label: names.of(value) ?? value,
  }));
}
