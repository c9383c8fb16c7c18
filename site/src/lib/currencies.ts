/**
 * ISO 4217 as the database has it. Intl knows most currencies too, but rounds some by custom where the
 * standard has decimals (the Afghan afghani, the Hungarian forint in cash…): its digits would be wrong.
 */
const WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND";

const DIGITS = new Map<string, number>([
  ...WHOLE.split(" ").map((code) => [code, 0] as const),
  ...THOUSANDTHS.split(" ").map((code) => [code, 3] as const),
]);

/** How many decimals amounts of this currency have: EUR 2, JPY 0, KWD 3. */
export function minorDigits(currency: string): number {
  return DIGITS.get(currency) ?? 2;
}

/** The currencies whose amounts are neither whole nor in thousandths. */
const HUNDREDTHS =
  "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD " +
  "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP " +
  "GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD " +
  "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB " +
  "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC " +
  "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW";

/** The codes of all currencies that the database accepts, in alphabetical order. */
export const CURRENCIES: readonly string[] = `${WHOLE} ${HUNDREDTHS} ${THOUSANDTHS}`
  .split(" ")
  .sort();
