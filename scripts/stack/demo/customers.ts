/** The demo tenants' customers, from many countries and in many scripts. */
import {
  ar,
  da,
  de,
  de_AT,
  de_CH,
  el,
  en_CA,
  en_GB,
  en_US,
  es,
  fr,
  he,
  it,
  ja,
  ko,
  type LocaleDefinition,
  nl,
  pl,
  pt_BR,
  ru,
  sv,
  tr,
  uk,
  zh_CN,
} from "@faker-js/faker";
import { type Random, randomOf } from "./random.ts";

export type DemoCustomer = {
  id: string;
  kind: "company" | "person";
  name: string;
  email: string;
  phone: string;
  tax_id: string | null;
  billing_address: Record<string, string>;
  shipping_address: Record<string, string> | null;
  tags: string[];
  country: string;
  created_at: string;
};

/** Country, share of the customers, locale, and what a company's name ends with. */
type Country = readonly [code: string, weight: number, locale: LocaleDefinition, ...string[]];

const EUROPE: readonly Country[] = [
  ["DE", 42, de, "GmbH", "GmbH & Co. KG", "AG", "e. K."],
  ["AT", 8, de_AT, "GmbH", "KG"],
  ["CH", 6, de_CH, "AG", "GmbH"],
  ["FR", 7, fr, "SARL", "SAS"],
  ["NL", 6, nl, "B.V."],
  ["IT", 5, it, "S.r.l.", "S.p.A."],
  ["ES", 4, es, "S.L."],
  ["PL", 5, pl, "Sp. z o.o."],
  ["DK", 2, da, "ApS"],
  ["SE", 3, sv, "AB"],
  ["GB", 4, en_GB, "Ltd", "PLC"],
  ["GR", 2, el, "Α.Ε."],
  ["TR", 2, tr, "A.Ş."],
  ["UA", 2, uk, "ТОВ"],
  ["KZ", 1, ru, "ТОО"],
  ["IL", 2, he, 'בע"מ'],
  ["AE", 3, ar, "ذ.م.م"],
  ["JP", 2, ja, "株式会社"],
  ["KR", 1, ko, "주식회사"],
  ["CN", 2, zh_CN, "有限公司"],
];

const AMERICA: readonly Country[] = [
  ["US", 70, en_US, "LLC", "Inc.", "Co."],
  ["CA", 12, en_CA, "Ltd.", "Inc."],
  ["BR", 8, pt_BR, "Ltda."],
  ["MX", 6, es, "S.A. de C.V."],
  ["JP", 4, ja, "株式会社"],
];

const TRADES = ["Handel", "Logistik", "Technik", "Metallbau", "Elektro", "Bau", "Service"];
const TAGS = [
  "wholesale",
  "retail",
  "vip",
  "new",
  "net-30",
  "prepaid",
  "export",
  "craft",
  "public",
];
/** Scripts in which words are not set apart, or the form of company comes first. */
const FORM_FIRST = new Set(["JP", "KR", "UA", "KZ"]);
const DAY = 86_400_000;

function companyName(random: Random, country: string, forms: readonly string[]): string {
  const { faker } = random;
  const family = faker.person.lastName();
  const form = random.pick(forms);
  if (FORM_FIRST.has(country)) return `${form}${country === "JP" ? "" : " "}${family}`;
  if (country === "CN") return `${faker.location.city()}${family}${form}`;
  const middle = random.weighted([
    [3, country === "DE" || country === "AT" ? ` ${random.pick(TRADES)}` : ""],
    [1, ` & ${faker.person.lastName()}`],
    [2, ""],
  ]);
  return `${family}${middle} ${form}`;
}

/** An address that every mail server takes, whatever script the name is written in. */
function emailOf(random: Random, kind: string, index: number): string {
  const box = kind === "company" ? random.pick(["info", "orders", "office", "purchasing"]) : "mail";
  return `${box}@customer-${String(index + 1).padStart(3, "0")}.example`;
}

function address(random: Random, country: string): Record<string, string> {
  const { location } = random.faker;
  return {
    line1: location.streetAddress(),
    postal_code: location.zipCode(),
    city: location.city(),
    country,
  };
}

/** @param now the moment the demo data end, in milliseconds. */
function customers(
  countries: readonly Country[],
  count: number,
  seed: number,
  now: number,
): DemoCustomer[] {
  const choose = randomOf(seed);
  return Array.from({ length: count }, (_, index) => {
    const [country, , locale, ...forms] = choose.weighted(
      countries.map((entry) => [entry[1], entry] as const),
    );
    const random = randomOf(seed * 10_000 + index, [locale]);
    const kind = random.chance(0.72) ? "company" : "person";
    // A third came during the two years, the others were there before.
    const at = now - (random.chance(0.33) ? random.integer(5, 730) : 731) * DAY;
    return {
      id: random.uuid(at),
      kind,
      name:
        kind === "company" ? companyName(random, country, forms) : random.faker.person.fullName(),
      email: emailOf(random, kind, index),
      phone: random.faker.phone.number({ style: "international" }),
      tax_id: kind === "company" ? `${country}${random.integer(100_000_000, 999_999_999)}` : null,
      billing_address: address(random, country),
      shipping_address: random.chance(0.3) ? address(random, country) : null,
      tags: TAGS.filter(() => random.chance(0.14)),
      country,
      created_at: new Date(at).toISOString(),
    };
  });
}

export const acmeCustomers = (now: number) => customers(EUROPE, 300, 11, now);
export const globexCustomers = (now: number) => customers(AMERICA, 40, 21, now);
