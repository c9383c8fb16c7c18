/** A custom field as its dialog holds it. */
import type {
  CustomEntity,
  CustomField,
} from "../../../../functions/_shared/contracts/custom_fields.ts";
import { contractResolver } from "../../lib/contract-resolver.ts";

export type FieldForm = {
  label: string;
  key: string;
  type: CustomField["type"];
  required: boolean;
  /** One a line. */
  choices: string;
};

export const TYPE_LABELS: Record<CustomField["type"], string> = {
  text: "Text",
  number: "Number",
  date: "Date",
  boolean: "Yes or no",
  choice: "Choice",
};

export const ENTITY_LABELS: Record<CustomEntity, string> = {
  customer: "Customers",
  product: "Products",
  order: "Orders",
};

/** The form of a field; of a new one, for null. */
export function formOf(field: CustomField | null): FieldForm {
  return {
    label: field?.label ?? "",
    key: field?.key ?? "",
    type: field?.type ?? "text",
    required: field?.required ?? false,
    choices: field?.choices.join("\n") ?? "",
  };
}

/** A name for the API, made of what people call it: `Größe (cm)` is `groesse_cm`. */
export function keyOf(label: string): string {
  return label
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll(/[äöü]/g, (letter) => ({ ä: "ae", ö: "oe", ü: "ue" })[letter] ?? letter)
    .normalize("NFKD")
    .replaceAll(/\p{Mn}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+/, "")
    .slice(0, 63)
    .replace(/_+$/, "");
}

function changeOf({ label, required, type, choices }: FieldForm) {
  const lines = choices
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  return { label: label.trim(), required, choices: type === "choice" ? [...new Set(lines)] : [] };
}

/** The check of a new field's form, or of a change: then key and type stay. */
export function fieldResolver(entity: CustomEntity, isNew: boolean) {
  return contractResolver(
    async () => {
      const contract = await import("../../../../functions/_shared/contracts/custom_fields.ts");
      return isNew ? contract.newCustomField : contract.customFieldPatch;
    },
    (form: FieldForm) =>
      isNew
        ? { entity, key: form.key.trim() || keyOf(form.label), type: form.type, ...changeOf(form) }
        : changeOf(form),
  );
}
