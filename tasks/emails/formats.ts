/** Language, money and dates of a mail, from its tenant's settings. */

export type Language = "en" | "de";

export type Formats = {
  readonly language: Language;
  /** With the currency's own digits. */
  money(amount: number, currency: string): string;
  /** The same for the price of one, which may be a fraction of the smallest coin. */
  price(amount: number, currency: string): string;
  /** At most as many decimals as a quantity or a price has. */
  number(value: number): string;
  /** An RFC 3339 time as a day in the tenant's zone. */
  date(time: string): string;
  /** The words of the mail's language. */
  words<Words>(all: Readonly<Record<Language, Words>>): Words;
};

/** @param locale a BCP 47 tag; one that nobody knows counts as English. */
export function formatsOf({ locale, time_zone }: { locale: string; time_zone: string }): Formats {
  const [known = "en"] = Intl.NumberFormat.supportedLocalesOf(wellFormed(locale));
  const language = known === "de" || known.startsWith("de-") ? "de" : "en";
  const number = new Intl.NumberFormat(known, { maximumFractionDigits: 4 });
  const date = new Intl.DateTimeFormat(known, { dateStyle: "long", timeZone: time_zone });
  return {
    language,
    money: (amount, currency) =>
      new Intl.NumberFormat(known, { style: "currency", currency }).format(amount),
    price: (amount, currency) => {
      const coins = new Intl.NumberFormat(known, { style: "currency", currency });
      const { minimumFractionDigits = 0 } = coins.resolvedOptions();
      return new Intl.NumberFormat(known, {
        style: "currency",
        currency,
        minimumFractionDigits,
        maximumFractionDigits: Math.max(4, minimumFractionDigits),
      }).format(amount);
    },
    number: (value) => number.format(value),
    date: (time) => date.format(new Date(time)),
    words: (all) => all[language],
  };
}

function wellFormed(locale: string): string[] {
  try {
    return Intl.getCanonicalLocales(locale);
  } catch {
    return [];
  }
}
