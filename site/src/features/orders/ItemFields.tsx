import type { UseFormRegisterReturn } from "react-hook-form";
import { minorDigits } from "../../lib/currencies.ts";
import { decimalText } from "../../lib/decimal-input.ts";
import { Combobox } from "../../ui/Combobox.tsx";
import { cn } from "../../ui/cn.ts";
import { useApi, usePage } from "../../ui/context.tsx";
import { findProducts, type ProductOption } from "../products/find.ts";
import type { ItemForm, OrderFormApi } from "./form-model.ts";

type ItemProps = {
  form: OrderFormApi;
  index: number;
  name: string;
  sku: string | null;
  error: string | undefined;
};

/** The name of a line: free text, or a product that fills the line. */
export function ItemField({ form, index, name, sku, error }: ItemProps) {
  const api = useApi();
  const { locale } = usePage();
  const { setValue, getValues } = form;
  const noteId = `item-${index}-note`;
  const change = (item: Partial<ItemForm>) => {
    for (const [key, value] of Object.entries(item)) {
      setValue(`items.${index}.${key}` as `items.${number}.name`, value as string, {
        shouldDirty: true,
      });
    }
  };

  function pick({ product }: ProductOption) {
    const samePrice = product.currency === getValues("currency");
    change({
      product_id: product.id,
      sku: product.sku,
      name: product.name,
      tax_rate: product.tax_rate === 0 ? "" : decimalText(product.tax_rate, locale),
      // A price in another currency is no price here.
      unit_price: samePrice
        ? decimalText(product.unit_price, locale, minorDigits(product.currency))
        : "",
    });
    form.clearErrors(`items.${index}`);
    requestAnimationFrame(() => form.setFocus(`items.${index}.quantity`, { shouldSelect: true }));
  }

  return (
    <div className="col-span-full min-w-0 @min-[50rem]:col-span-1">
      <Combobox
        aria-label={`Item ${index + 1}`}
        aria-invalid={error ? true : undefined}
        aria-describedby={error || sku ? noteId : undefined}
        value={name}
        placeholder="Product or free text"
        find={(text, signal) => findProducts(api, text, locale, signal)}
        onPick={pick}
        onFreeText={(text) => {
          if (text.trim() !== name) change({ name: text.trim() });
        }}
      />
      {error || sku ? (
        <p
          id={noteId}
          className={cn("mt-0.5 ps-2.5 text-xs", error ? "text-danger-text" : "text-faint")}
        >
          {error ?? sku}
        </p>
      ) : null}
    </div>
  );
}

type NumberProps = {
  id: string;
  label: string;
  /** Which line the field belongs to, for those who do not see it: `line 3`. */
  line: string;
  /** Whether an empty field counts as 0. */
  optional: boolean;
  error: string | undefined;
  field: UseFormRegisterReturn;
};

/** A number of a line; its label shows where the columns have no heads. */
export function NumberField({ id, label, line, optional, error, field }: NumberProps) {
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-faint text-xs @min-[50rem]:sr-only">
        {label} <span className="sr-only">of {line}</span>
      </label>
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-note` : undefined}
        placeholder={optional ? "0" : undefined}
        className="control numeric h-9 w-full px-2 text-end text-base pointer-coarse:h-11"
        onFocus={(event) => event.target.select()}
        {...field}
      />
      {error ? (
        <p id={`${id}-note`} className="mt-0.5 text-danger-text text-xs">
          {error}
        </p>
      ) : null}
    </div>
  );
}
