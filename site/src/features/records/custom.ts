/** Custom fields between what the API holds and what a form holds. */
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import { decimalText, parseDecimal } from "../../lib/decimal-input.ts";
import { formatDate, formatNumber } from "../../lib/format.ts";

/** The fields' values as a form holds them, by key: texts, and yes or no. */
export type CustomForm = Record<string, string | boolean>;

type Custom = Readonly<Record<string, unknown>>;

/** The form of a record's custom object; of a new record's, for an empty one. */
export function customFormOf(
  fields: readonly CustomField[],
  custom: Custom,
  locale: string,
): CustomForm {
  return Object.fromEntries(
    fields.map((field) => [field.key, formValue(field, custom[field.key], locale)]),
  );
}

function formValue({ type }: CustomField, value: unknown, locale: string): string | boolean {
  if (type === "boolean") return value === true;
  if (type === "number" && typeof value === "number") return decimalText(value, locale);
  return typeof value === "string" ? value : "";
}

/**
 * What to send of a form: every field that holds something. Nothing at all while the tenant has defined no
 * fields: then the custom object belongs to whoever writes it through the API.
 */
export function customRequest(
  fields: readonly CustomField[],
  form: CustomForm,
  stored: Custom,
  locale: string,
): { custom?: Record<string, unknown> } {
  if (fields.length === 0) return {};
  const entries = fields.flatMap((field) => {
    const value = requestValue(field, form[field.key], stored[field.key], locale);
    return value === undefined ? [] : [[field.key, value] as const];
  });
  return { custom: Object.fromEntries(entries) };
}

function requestValue(
  field: CustomField,
  given: string | boolean | undefined,
  stored: unknown,
  locale: string,
): unknown {
  // What nobody touched stays as it is, digits that are not shown included.
  if (stored !== undefined && given === formValue(field, stored, locale))
    return stored ?? undefined;
  if (typeof given !== "string") return given || field.required ? (given ?? false) : undefined;
  const text = given.trim();
  if (text === "") return undefined;
  if (field.type !== "number") return text;
  const number = parseDecimal(text, locale);
  // What is no number goes as it is, so that the refusal names the field.
  return Number.isNaN(number) ? text : number;
}

/** A record's custom values to be read: by their fields, or by their names where there are none. */
export function customRows(
  fields: readonly CustomField[],
  custom: Custom,
  locale: string,
): { key: string; label: string; value: string }[] {
  const known = new Map(fields.map((field) => [field.key, field]));
  const keys = fields.length > 0 ? [...known.keys()] : Object.keys(custom);
  return keys.flatMap((key) => {
    const value = shown(custom[key], known.get(key), locale);
    const label = known.get(key)?.label ?? key.replaceAll("_", " ");
    return value === null ? [] : [{ key, label, value }];
  });
}

function shown(value: unknown, field: CustomField | undefined, locale: string): string | null {
  if (value === undefined || value === null || value === "" || typeof value === "object")
    return null;
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return formatNumber(value, locale);
  return field?.type === "date" ? formatDate(`${value}T00:00:00Z`, locale, "UTC") : String(value);
}
