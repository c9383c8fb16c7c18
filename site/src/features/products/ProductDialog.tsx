import { useMemo, useRef } from "react";
import { type FieldValues, useForm } from "react-hook-form";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { CURRENCIES } from "../../lib/currencies.ts";
import { usePage } from "../../ui/context.tsx";
import { Field } from "../../ui/Field.tsx";
import { CheckLine, Input, Select } from "../../ui/Input.tsx";
import { CustomFieldset } from "../records/CustomFieldset.tsx";
import { RecordDialog } from "../records/RecordDialog.tsx";
import { useSaveRecord } from "../records/use-save-record.ts";
import { formOf, type ProductForm, productResolver } from "./form-model.ts";

type Props = {
  product: Product | null;
  fields: readonly CustomField[];
  onClose: () => void;
  onSaved: (product: Product) => void;
};

/** A new product, or a change to one. */
export default function ProductDialog({ product, fields, onClose, onSaved }: Props) {
  const { tenant, locale } = usePage();
  const { currency } = tenant;
  const stored = useRef(product?.custom ?? {});
  const context = useMemo(() => ({ fields, currency, locale }), [fields, currency, locale]);
  const resolver = useMemo(() => productResolver(context, () => stored.current), [context]);
  const form = useForm<ProductForm, unknown, FieldValues>({
    defaultValues: formOf(product, context),
    resolver,
  });
  const saving = useSaveRecord<ProductForm, Product>({
    form,
    path: "/products",
    record: product,
    onSaved,
  });
  const { theirs } = saving;
  const { register, formState } = form;
  const { errors } = formState;
  return (
    <RecordDialog
      title={product ? "Edit product" : "New product"}
      saveLabel={product ? "Save changes" : "Create product"}
      busy={saving.busy}
      failure={saving.failure}
      onLoadTheirs={
        theirs &&
        (() => {
          stored.current = theirs.custom;
          form.reset(formOf(theirs, context));
          saving.settle();
        })
      }
      onSubmit={saving.submit}
      onClose={onClose}
    >
      <Field label="Name" error={errors.name?.message}>
        {(field) => <Input {...field} data-autofocus="" autoComplete="off" {...register("name")} />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="SKU" hint="Unique among your products" error={errors.sku?.message}>
          {(field) => <Input {...field} autoComplete="off" {...register("sku")} />}
        </Field>
        <Field label="Unit" hint="For example piece, box, kg" error={errors.unit?.message}>
          {(field) => <Input {...field} autoComplete="off" {...register("unit")} />}
        </Field>
      </div>
      <div className="grid grid-cols-2 gap-4 sm:grid-cols-3">
        <Field label="Unit price" error={errors.unit_price?.message}>
          {(field) => (
            <Input
              {...field}
              inputMode="decimal"
              autoComplete="off"
              className="numeric text-end"
              {...register("unit_price")}
            />
          )}
        </Field>
        <Field label="Currency" error={errors.currency?.message}>
          {(field) => (
            <Select {...field} {...register("currency")}>
              {CURRENCIES.map((code) => (
                <option key={code}>{code}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Tax in percent" error={errors.tax_rate?.message}>
          {(field) => (
            <Input
              {...field}
              inputMode="decimal"
              autoComplete="off"
              placeholder="0"
              className="numeric text-end"
              {...register("tax_rate")}
            />
          )}
        </Field>
      </div>
      <CheckLine {...register("active")}>Active: offered when writing an order</CheckLine>
      <CustomFieldset
        fields={fields}
        custom={product?.custom ?? {}}
        register={register}
        errors={errors.custom}
      />
    </RecordDialog>
  );
}
