import { CURRENCIES } from "../currencies.ts";

/** Those that lists begin with; the rest follows by code. */
const COMMON = ["EUR", "USD", "GBP", "CHF"];

/** Every currency that the database accepts, with its English name. */
export function currencyChoices(): { code: string; label: string }[] {
  const names = new Intl.DisplayNames("en", { type: "currency" });
  const all = CURRENCIES.filter((code) => !COMMON.includes(code));
  return [...COMMON, ...all].map((code) => ({
    code,
    label: `${code} · ${names.of(code) ?? code}`,
  }));
}

/** Every time zone of the IANA database that Intl knows, UTC first. */
export function timeZoneChoices(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
}
