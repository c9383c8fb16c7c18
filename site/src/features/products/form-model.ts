import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { contractResolver } from "../../lib/contract-resolver.ts";
import { minorDigits } from "../../lib/currencies.ts";
import { decimalText, parseDecimal } from "../../lib/decimal-input.ts";
import { type CustomForm, customFormOf, customRequest } from "../records/custom.ts";

/** A product as the dialog holds it: numbers are the texts in the fields. */
export type ProductForm = {
  sku: string;
  name: string;
  unit_price: string;
  currency: string;
  tax_rate: string;
  unit: string;
  active: boolean;
  custom: CustomForm;
};

/** What the form depends on beside the product itself. */
export type ProductContext = {
  /** The tenant's own fields. */
  fields: readonly CustomField[];
  /** A new product's. */
  currency: string;
  /** By whose habits numbers are written. */
  locale: string;
};

/** The form of a product; of a new one, for null. */
export function formOf(
  product: Product | null,
  { fields, currency, locale }: ProductContext,
): ProductForm {
  const custom = customFormOf(fields, product?.custom ?? {}, locale);
  if (product === null) {
    const blank = { sku: "", name: "", unit_price: "", tax_rate: "", unit: "" };
    return { ...blank, currency, active: true, custom };
  }
  return {
    sku: product.sku,
    name: product.name,
    unit_price: decimalText(product.unit_price, locale, minorDigits(product.currency)),
    currency: product.currency,
    tax_rate: decimalText(product.tax_rate, locale),
    unit: product.unit ?? "",
    active: product.active,
    custom,
  };
}

/** The check of a product's form; what is `stored` in the tenant's own fields is asked at each attempt. */
export function productResolver(
  { fields, locale }: ProductContext,
  stored: () => Product["custom"],
) {
  return contractResolver(
    async () => (await import("../../../../functions/_shared/contracts/products.ts")).productCreate,
    (form: ProductForm) => ({
      sku: form.sku.trim(),
      name: form.name.trim(),
      unit_price: parseDecimal(form.unit_price, locale),
      currency: form.currency,
      tax_rate: parseDecimal(form.tax_rate, locale) ?? 0,
      unit: form.unit.trim() === "" ? null : form.unit.trim(),
      active: form.active,
      ...customRequest(fields, form.custom, stored(), locale),
    }),
  );
}
