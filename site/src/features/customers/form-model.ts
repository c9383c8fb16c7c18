import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type {
  Customer,
  CustomerCreate,
} from "../../../../functions/_shared/contracts/customers.ts";
import { contractResolver } from "../../lib/contract-resolver.ts";
import { type CustomForm, customFormOf, customRequest } from "../records/custom.ts";

export const ADDRESS_LINES = [
  { name: "line1", label: "Street", autoComplete: "address-line1", wide: true },
  { name: "line2", label: "Address line 2", autoComplete: "address-line2", wide: true },
  { name: "postal_code", label: "Postal code", autoComplete: "postal-code", wide: false },
  { name: "city", label: "City", autoComplete: "address-level2", wide: false },
  { name: "region", label: "Region", autoComplete: "address-level1", wide: false },
  { name: "country", label: "Country", autoComplete: "country", wide: false },
] as const;

type Address = Record<string, string>;

/** A customer as the dialog holds it. */
export type CustomerForm = {
  kind: Customer["kind"];
  name: string;
  email: string;
  phone: string;
  tax_id: string;
  billing_address: Address;
  shipping_address: Address;
  /** Separated by commas. */
  tags: string;
  custom: CustomForm;
};

/** The tenant's own fields, what is stored in them, and by whose habits they are written. */
export type CustomContext = {
  fields: readonly CustomField[];
  stored: Customer["custom"];
  locale: string;
};

/** The form of a customer; of a new one, for null. */
export function formOf(
  customer: Customer | null,
  fields: readonly CustomField[],
  locale: string,
): CustomerForm {
  return {
    kind: customer?.kind ?? "company",
    name: customer?.name ?? "",
    email: customer?.email ?? "",
    phone: customer?.phone ?? "",
    tax_id: customer?.tax_id ?? "",
    billing_address: { ...customer?.billing_address },
    shipping_address: { ...customer?.shipping_address },
    tags: customer?.tags.join(", ") ?? "",
    custom: customFormOf(fields, customer?.custom ?? {}, locale),
  };
}

function textOrNull(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}

/** The lines that are filled; no address when none is. */
function addressOrNull(address: Address): Address | null {
  const filled = Object.entries(address).filter(([, value]) => value.trim() !== "");
  return filled.length === 0 ? null : Object.fromEntries(filled);
}

function requestOf(form: CustomerForm, custom: CustomContext): CustomerCreate {
  return {
    kind: form.kind,
    name: form.name.trim(),
    email: textOrNull(form.email),
    phone: textOrNull(form.phone),
    tax_id: textOrNull(form.tax_id),
    billing_address: addressOrNull(form.billing_address),
    shipping_address: addressOrNull(form.shipping_address),
    tags: [
      ...new Set(
        form.tags
          .split(",")
          .map((tag) => tag.trim())
          .filter(Boolean),
      ),
    ],
    ...customRequest(custom.fields, form.custom, custom.stored, custom.locale),
  };
}

/** The check of a customer's form; `custom` is asked at each attempt to save. */
export function customerResolver(custom: () => CustomContext) {
  return contractResolver(
    async () =>
      (await import("../../../../functions/_shared/contracts/customers.ts")).customerCreate,
    (form: CustomerForm) => requestOf(form, custom()),
  );
}
