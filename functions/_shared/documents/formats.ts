/** Amounts, quantities and days as a tenant writes them. */

export type Formats = {
  /** With the currency. */
  money(value: number): string;
  /** Without the currency, for columns. */
  amount(value: number): string;
  /** A price of one unit, which may have more decimals than amounts. */
  price(value: number): string;
  quantity(value: number): string;
  /** Given 19, "19 %" or "19%". */
  percent(value: number): string;
  /** The day of a moment, in the tenant's time zone. */
  day(moment: string): string;
};

type Setting = {
  readonly locale: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly minorDigits: number;
};

/** Never throws: where the platform does not know a locale or zone, English and UTC are taken. */
export function formatsFor({ locale: wanted, timeZone, currency, minorDigits }: Setting): Formats {
  const locale = usable(() => new Intl.NumberFormat(wanted)) ? wanted : "en";
  const zone = usable(() => new Intl.DateTimeFormat("en", { timeZone })) ? timeZone : "UTC";
  const digits = { minimumFractionDigits: minorDigits, maximumFractionDigits: minorDigits };
  const money = new Intl.NumberFormat(locale, { style: "currency", currency, ...digits });
  const amount = new Intl.NumberFormat(locale, digits);
  const price = new Intl.NumberFormat(locale, {
    ...digits,
    maximumFractionDigits: Math.max(minorDigits, 4),
  });
  const quantity = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 10 });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: zone });
  return {
    money: (value) => money.format(value),
    amount: (value) => amount.format(value),
    price: (value) => price.format(value),
    quantity: (value) => quantity.format(value),
    // Dividing binary fractions leaves crumbs, which ten decimals do not show.
    percent: (value) => percent.format(Number((value / 100).toFixed(12))),
    day: (moment) => day.format(new Date(moment)),
  };
}

function usable(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}
