import { useId } from "react";
import type { UseFormRegisterReturn } from "react-hook-form";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import { cn } from "../../ui/cn.ts";
import { Field, type FieldControl } from "../../ui/Field.tsx";
import { CheckLine, Input, Select } from "../../ui/Input.tsx";

type Props = {
  fields: readonly CustomField[];
  /** What is stored, so that a choice which is offered no longer is still shown. */
  custom: Readonly<Record<string, unknown>>;
  register: (name: `custom.${string}`) => UseFormRegisterReturn;
  /** `formState.errors.custom` */
  errors: Readonly<Record<string, { message?: string | undefined } | undefined>> | undefined;
  className?: string;
};

/** The fields that a tenant has defined for records of a kind; nothing where there are none. */
export function CustomFieldset({ fields, custom, register, errors, className }: Props) {
  const id = useId();
  if (fields.length === 0) return null;
  return (
    // A group, not a fieldset: a legend takes no part in a grid.
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div role="group" aria-labelledby={id} className={cn("flex flex-col gap-3", className)}>
      <h3 id={id} className="border-line border-t pt-4 font-semibold text-sm">
        More
      </h3>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {fields.map((field) => {
          const name = register(`custom.${field.key}`);
          if (field.type === "boolean") {
            return (
              <div key={field.key} className="self-center sm:pt-5">
                <CheckLine {...name}>
                  <span dir="auto">{field.label}</span>
                </CheckLine>
              </div>
            );
          }
          return (
            <Field
              key={field.key}
              label={field.label}
              error={errors?.[field.key]?.message}
              optional={!field.required}
            >
              {(control) => (
                <Control field={field} stored={custom[field.key]} {...control} {...name} />
              )}
            </Field>
          );
        })}
      </div>
    </div>
  );
}

type ControlProps = FieldControl & UseFormRegisterReturn & { field: CustomField; stored: unknown };

function Control({ field, stored, ...rest }: ControlProps) {
  switch (field.type) {
    case "choice": {
      const former = typeof stored === "string" && !field.choices.includes(stored) ? stored : null;
      return (
        <Select {...rest}>
          <option value="" />
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
          {former ? <option value={former}>{former} (no longer offered)</option> : null}
        </Select>
      );
    }
    case "date":
      return <Input {...rest} type="date" />;
    case "number":
      return (
        <Input {...rest} inputMode="decimal" autoComplete="off" className="numeric text-end" />
      );
    default:
      return <Input {...rest} autoComplete="off" maxLength={1_000} />;
  }
}
