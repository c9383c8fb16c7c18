import { minorDigits } from "./currencies.ts";

/**
 * Money, numbers and times as people read them. Formatters are kept: making one costs far more than
 * using it.
 */
const formatters = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numbers(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${locale}${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known instanceof Intl.NumberFormat) return known;
  const made = new Intl.NumberFormat(locale, options);
  formatters.set(key, made);
  return made;
}

function dates(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${locale}${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known instanceof Intl.DateTimeFormat) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  formatters.set(key, made);
  return made;
}

/** An amount in the currency's own digits, e.g. `1.234,50 €`. */
export function formatMoney(amount: number, currency: string, locale: string): string {
  const digits = minorDigits(currency);
  return numbers(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount);
}

/** A unit price: the currency's digits at least, four at most. */
export function formatUnitPrice(amount: number, currency: string, locale: string): string {
  const digits = minorDigits(currency);
  return numbers(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: Math.max(4, digits),
  }).format(amount);
}

/** A number that is no money, grouped, with as many decimals as it has. */
export function formatNumber(value: number, locale: string, maximumFractionDigits = 4): string {
  return numbers(locale, { maximumFractionDigits }).format(value);
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A file's size, e.g. `1.4 MB`; a kilobyte has 1000 bytes, as the name says. */
export function formatBytes(bytes: number, locale: string): string {
  const power = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return numbers(locale, {
    style: "unit",
    unit: BYTE_UNITS[power] ?? "byte",
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power < 2 ? 0 : 1,
  }).format(bytes / 1000 ** power);
}

/** A day in the tenant's time zone, e.g. `31 Jan 2026`. */
export function formatDate(iso: string, locale: string, timeZone: string): string {
  return dates(locale, { dateStyle: "medium", timeZone }).format(new Date(iso));
}

/** A day and a time in the tenant's time zone, to the minute. */
export function formatDateTime(iso: string, locale: string, timeZone: string): string {
  return dates(locale, { dateStyle: "medium", timeStyle: "short", timeZone }).format(new Date(iso));
}
