import { useMemo, useRef, useState } from "react";
import { type FieldValues, useForm } from "react-hook-form";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import { countryChoices } from "../../lib/countries.ts";
import { Button } from "../../ui/Button.tsx";
import { usePage } from "../../ui/context.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Select } from "../../ui/Input.tsx";
import { CustomFieldset } from "../records/CustomFieldset.tsx";
import { RecordDialog } from "../records/RecordDialog.tsx";
import { useSaveRecord } from "../records/use-save-record.ts";
import { ADDRESS_LINES, type CustomerForm, customerResolver, formOf } from "./form-model.ts";

type Props = {
  customer: Customer | null;
  fields: readonly CustomField[];
  onClose: () => void;
  onSaved: (customer: Customer) => void;
};

/** A new customer, or a change to one. */
export default function CustomerDialog({ customer, fields, onClose, onSaved }: Props) {
  const { locale } = usePage();
  const stored = useRef(customer?.custom ?? {});
  const resolver = useMemo(
    () => customerResolver(() => ({ fields, stored: stored.current, locale })),
    [fields, locale],
  );
  const form = useForm<CustomerForm, unknown, FieldValues>({
    defaultValues: formOf(customer, fields, locale),
    resolver,
  });
  const saving = useSaveRecord<CustomerForm, Customer>({
    form,
    path: "/customers",
    record: customer,
    onSaved,
  });
  const { theirs } = saving;
  const [delivery, setDelivery] = useState(Boolean(customer?.shipping_address));
  const { register, formState } = form;
  const { errors, defaultValues } = formState;
  const countryIn = (name: AddressProps["name"]) => defaultValues?.[name]?.country;
  return (
    <RecordDialog
      title={customer ? "Edit customer" : "New customer"}
      saveLabel={customer ? "Save changes" : "Create customer"}
      busy={saving.busy}
      failure={saving.failure}
      onLoadTheirs={
        theirs &&
        (() => {
          stored.current = theirs.custom;
          form.reset(formOf(theirs, fields, locale));
          saving.settle();
        })
      }
      onSubmit={saving.submit}
      onClose={onClose}
    >
      <div className="grid gap-4 sm:grid-cols-[1fr_9rem]">
        <Field label="Name" error={errors.name?.message}>
          {(field) => (
            <Input {...field} data-autofocus="" autoComplete="off" {...register("name")} />
          )}
        </Field>
        <Field label="Kind">
          {(field) => (
            <Select {...field} {...register("kind")}>
              <option value="company">Company</option>
              <option value="person">Person</option>
            </Select>
          )}
        </Field>
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="E-mail" error={errors.email?.message}>
          {(field) => <Input {...field} type="email" autoComplete="off" {...register("email")} />}
        </Field>
        <Field label="Phone" error={errors.phone?.message}>
          {(field) => <Input {...field} type="tel" autoComplete="off" {...register("phone")} />}
        </Field>
        <Field label="Tax id" error={errors.tax_id?.message}>
          {(field) => <Input {...field} autoComplete="off" {...register("tax_id")} />}
        </Field>
        <Field label="Tags" hint="Separated by commas" error={errors.tags?.message}>
          {(field) => <Input {...field} autoComplete="off" {...register("tags")} />}
        </Field>
      </div>
      <AddressFields
        legend="Billing address"
        name="billing_address"
        register={register}
        country={countryIn("billing_address")}
      />
      {delivery ? (
        <AddressFields
          legend="Shipping address"
          name="shipping_address"
          register={register}
          country={countryIn("shipping_address")}
        />
      ) : (
        <Button variant="ghost" className="self-start -ms-2" onClick={() => setDelivery(true)}>
          Add a different shipping address
        </Button>
      )}
      <CustomFieldset
        fields={fields}
        custom={customer?.custom ?? {}}
        register={register}
        errors={errors.custom}
      />
    </RecordDialog>
  );
}

type AddressProps = {
  legend: string;
  name: "billing_address" | "shipping_address";
  register: ReturnType<typeof useForm<CustomerForm, unknown, FieldValues>>["register"];
  /** What is stored. */
  country: string | undefined;
};

function AddressFields({ legend, name, register, country }: AddressProps) {
  return (
    <fieldset className="grid grid-cols-2 gap-3">
      <legend className="mb-2 w-full border-line border-t pt-4 font-semibold text-sm">
        {legend}
      </legend>
      {ADDRESS_LINES.map((line) => (
        <Field key={line.name} label={line.label} className={line.wide ? "col-span-2" : ""}>
          {(field) =>
            line.name === "country" ? (
              <Select {...field} {...register(`${name}.country`)}>
                {countryChoices(country).map(({ value, label }) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            ) : (
              <Input {...field} autoComplete="off" {...register(`${name}.${line.name}`)} />
            )
          }
        </Field>
      ))}
    </fieldset>
  );
}
