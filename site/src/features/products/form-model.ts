import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { contractResolver } from "../../lib/contract-resolver.ts";
import { minorDigits } from "../../lib/currencies.ts";
import { decimalText, parseDecimal } from "../../lib/decimal-input.ts";

/** A product as the dialog holds it: numbers are the texts in the fields. */
export type ProductForm = {
  sku: string;
  name: string;
  unit_price: string;
  currency: string;
  tax_rate: string;
  unit: string;
  active: boolean;
};

/** The form of a product; for null, of a new one in `currency`. */
export function formOf(product: Product | null, currency: string, locale: string): ProductForm {
  if (product === null) {
    return { sku: "", name: "", unit_price: "", currency, tax_rate: "", unit: "", active: true };
  }
  return {
    sku: product.sku,
    name: product.name,
    unit_price: decimalText(product.unit_price, locale, minorDigits(product.currency)),
    currency: product.currency,
    tax_rate: decimalText(product.tax_rate, locale),
    unit: product.unit ?? "",
    active: product.active,
  };
}

/** The check of a product's form, whose numbers are written by the habits of `locale`. */
export function productResolver(locale: string) {
  return contractResolver(
    async () => (await import("../../../../functions/_shared/contracts/products.ts")).productCreate,
    (form: ProductForm) => ({
      sku: form.sku.trim(),
      name: form.name.trim(),
      unit_price: parseDecimal(form.unit_price, locale),
      currency: form.currency.trim().toUpperCase(),
      tax_rate: parseDecimal(form.tax_rate, locale) ?? 0,
      unit: form.unit.trim() === "" ? null : form.unit.trim(),
      active: form.active,
    }),
  );
}
