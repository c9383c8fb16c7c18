import { Trash2 } from "lucide-react";
import { useMemo } from "react";
import { type FieldValues, useForm } from "react-hook-form";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { Button } from "../../ui/Button.tsx";
import { usePage } from "../../ui/context.tsx";
import { Field } from "../../ui/Field.tsx";
import { CheckLine, Input } from "../../ui/Input.tsx";
import { RecordDialog } from "../records/RecordDialog.tsx";
import { useSaveRecord } from "../records/use-save-record.ts";
import { formOf, type ProductForm, productResolver } from "./form-model.ts";

type Props = {
  product: Product | null;
  onClose: () => void;
  onSaved: (product: Product) => void;
  onTrash: (product: Product) => void;
};

/** A new product, or a change to one. */
export default function ProductDialog({ product, onClose, onSaved, onTrash }: Props) {
  const { tenant, locale } = usePage();
  const resolver = useMemo(() => productResolver(locale), [locale]);
  const form = useForm<ProductForm, unknown, FieldValues>({
    defaultValues: formOf(product, tenant.currency, locale),
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
          form.reset(formOf(theirs, tenant.currency, locale));
          saving.settle();
        })
      }
      onSubmit={saving.submit}
      onClose={onClose}
      aside={
        product ? (
          <Button variant="ghost" onClick={() => onTrash(product)}>
            <Trash2 aria-hidden="true" />
            Move to trash
          </Button>
        ) : null
      }
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
            <Input
              {...field}
              autoComplete="off"
              maxLength={3}
              className="uppercase"
              {...register("currency")}
            />
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
    </RecordDialog>
  );
}
