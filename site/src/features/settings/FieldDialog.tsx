import { type FieldValues, useForm, useWatch } from "react-hook-form";
import {
  CUSTOM_TYPES,
  type CustomEntity,
  type CustomField,
} from "../../../../functions/_shared/contracts/custom_fields.ts";
import { Field } from "../../ui/Field.tsx";
import { CheckLine, Input, Select, Textarea } from "../../ui/Input.tsx";
import { RecordDialog } from "../records/RecordDialog.tsx";
import { useSaveRecord } from "../records/use-save-record.ts";
import { type FieldForm, fieldResolver, formOf, keyOf, TYPE_LABELS } from "./field-form.ts";

type Props = {
  entity: CustomEntity;
  /** What is being changed; null for a new one. */
  field: CustomField | null;
  onClose: () => void;
  onSaved: (field: CustomField) => void;
};

/** A new custom field, or a change to one. */
export default function FieldDialog({ entity, field, onClose, onSaved }: Props) {
  const form = useForm<FieldForm, unknown, FieldValues>({
    defaultValues: formOf(field),
    resolver: fieldResolver(entity, field === null),
  });
  const saving = useSaveRecord<FieldForm, CustomField>({
    form,
    path: "/custom-fields",
    record: field,
    onSaved,
  });
  const { register, formState, control } = form;
  const { errors } = formState;
  const [label, type] = useWatch({ control, name: ["label", "type"] });
  return (
    <RecordDialog
      title={field ? "Edit field" : "New field"}
      saveLabel={field ? "Save changes" : "Add field"}
      busy={saving.busy}
      failure={saving.failure}
      onLoadTheirs={null}
      onSubmit={saving.submit}
      onClose={onClose}
    >
      <Field label="Label" error={errors.label?.message}>
        {(at) => (
          <Input
            {...at}
            data-autofocus=""
            autoComplete="off"
            maxLength={100}
            {...register("label")}
          />
        )}
      </Field>
      {field ? null : (
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label="Type" error={errors.type?.message}>
            {(at) => (
              <Select {...at} {...register("type")}>
                {CUSTOM_TYPES.map((one) => (
                  <option key={one} value={one}>
                    {TYPE_LABELS[one]}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field
            label="Name in the API"
            hint="Cannot be changed later"
            error={errors.key?.message}
            optional
          >
            {(at) => (
              <Input
                {...at}
                autoComplete="off"
                spellCheck={false}
                placeholder={keyOf(label)}
                {...register("key")}
              />
            )}
          </Field>
        </div>
      )}
      {type === "choice" ? (
        <Field label="Choices" hint="One a line" error={choicesError(errors.choices)}>
          {(at) => <Textarea {...at} rows={4} {...register("choices")} />}
        </Field>
      ) : null}
      <CheckLine {...register("required")}>Required: a record cannot be saved without it</CheckLine>
    </RecordDialog>
  );
}

/** A refusal names the choice that is wrong; the form has one field for all of them. */
function choicesError(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("message" in error && typeof error.message === "string") return error.message;
  return choicesError(Object.values(error).find((one) => typeof one === "object" && one !== null));
}
