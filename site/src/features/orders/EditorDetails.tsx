import { useController, useWatch } from "react-hook-form";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import { Combobox } from "../../ui/Combobox.tsx";
import { useApi } from "../../ui/context.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select, Textarea } from "../../ui/Input.tsx";
import { findCustomers } from "../customers/find.ts";
import { CustomFieldset } from "../records/CustomFieldset.tsx";
import type { OrderFormApi } from "./form-model.ts";

type Props = {
  form: OrderFormApi;
  currencies: readonly string[];
  /** Whether amounts may still change. */
  open: boolean;
  /** The tenant's own fields, and what is stored in them. */
  fields: readonly CustomField[];
  custom: Readonly<Record<string, unknown>>;
};

/** Everything of an order that is not a line. */
export function EditorDetails({ form, currencies, open, fields, custom }: Props) {
  const api = useApi();
  const { register, control, setValue, formState } = form;
  const { errors } = formState;
  const customer = useWatch({ control, name: "customer_name" });
  // Where the form finds the field to focus when it is the one that is wrong.
  const { ref: customerRef } = useController({ control, name: "customer_id" }).field;

  function setCustomer(id: string | null, name: string) {
    setValue("customer_id", id, { shouldDirty: true, shouldValidate: formState.isSubmitted });
    setValue("customer_name", name);
  }

  return (
    <section
      aria-labelledby="details-heading"
      className="panel grid gap-4 px-4 py-4 sm:grid-cols-2 md:px-5 xl:grid-cols-4"
    >
      <h2 id="details-heading" className="sr-only">
        Details
      </h2>
      <Field
        label="Customer"
        error={errors.customer_id?.message}
        className="sm:col-span-2"
        optional
      >
        {(field) => (
          <Combobox
            {...field}
            value={customer}
            inputRef={customerRef}
            placeholder="Find a customer"
            find={(text, signal) => findCustomers(api, text, signal)}
            onPick={({ id, label }) => setCustomer(id, label)}
            onFreeText={(text) => {
              if (text.trim() === "") setCustomer(null, "");
            }}
          />
        )}
      </Field>
      <Field label="Placed" error={errors.placed_at?.message} className="sm:col-span-2">
        {(field) => <Input {...field} type="datetime-local" {...register("placed_at")} />}
      </Field>
      <Field label="Currency" error={errors.currency?.message}>
        {(field) => (
          <Select {...field} {...register("currency")} disabled={!open}>
            {currencies.map((code) => (
              <option key={code}>{code}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Shipping" error={errors.shipping_total?.message}>
        {(field) => (
          <Input
            {...field}
            inputMode="decimal"
            autoComplete="off"
            placeholder="0"
            className="numeric text-end"
            readOnly={!open}
            aria-readonly={!open}
            {...register("shipping_total")}
          />
        )}
      </Field>
      <Field
        label="Notes"
        hint="Printed on the documents that go to the customer."
        error={errors.notes?.message}
        className="sm:col-span-2"
        optional
      >
        {(field) => <Textarea {...field} rows={1} {...register("notes")} />}
      </Field>
      <CustomFieldset
        fields={fields}
        custom={custom}
        register={register}
        errors={errors.custom}
        className="sm:col-span-full"
      />
    </section>
  );
}
