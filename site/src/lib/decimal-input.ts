/** Decimal numbers as people type them, by the habits of a locale. */

type Separators = { decimal: string; group: string };

/** Asking Intl takes longer than all the rest, and is done for every number of every line. */
const known = new Map<string, Separators>();

function separators(locale: string): Separators {
  const found = known.get(locale) ?? separatorsOf(locale);
  known.set(locale, found);
  return found;
}

function separatorsOf(locale: string): Separators {
  const parts = new Intl.NumberFormat(locale, { numberingSystem: "latn" }).formatToParts(
    1_234_567.8,
  );
  const find = (wanted: string) => parts.find(({ type }) => type === wanted)?.value;
  return { decimal: find("decimal") ?? ".", group: find("group") ?? "" };
}

/**
 * Reads a number. In a German locale `1.234,5`, `1234,5` and `1234.5` are all 1234.5, and `1.234` is
 * 1234; in an English one it is 1.234. Undefined for an empty text, NaN for one that is no number.
 */
export function parseDecimal(text: string, locale: string): number | undefined {
  const { decimal, group } = separators(locale);
  const bare = text.trim().replace(/[\s'’]/gu, "");
  if (bare === "") return undefined;
  const other = decimal === "," ? "." : ",";
  const [whole = "", ...fractions] = bare.split(decimal);
  let plain: string;
  if (fractions.length > 0) plain = `${whole.replaceAll(other, "")}.${fractions.join("x")}`;
  else if (isGrouped(bare, group)) plain = bare.replaceAll(group, "");
  else plain = bare.replace(other, ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : Number.NaN;
}

function isGrouped(text: string, group: string): boolean {
  if (group !== "." && group !== ",") return false;
  return new RegExp(`^[+-]?\\d{1,3}(\\${group}\\d{3})+$`).test(text);
}

/** Making one costs far more than using it, and a long order has thousands of numbers. */
const formats = new Map<string, Intl.NumberFormat>();

/** A number for a text field: every digit, at least `minDecimals`; the locale's decimal sign, no grouping. */
export function decimalText(value: number, locale: string, minDecimals = 0): string {
  const key = `${locale} ${minDecimals}`;
  const format =
    formats.get(key) ??
    new Intl.NumberFormat(locale, {
      useGrouping: false,
      minimumFractionDigits: minDecimals,
      maximumFractionDigits: 6,
      numberingSystem: "latn",
    });
  formats.set(key, format);
  return format.format(value);
}
