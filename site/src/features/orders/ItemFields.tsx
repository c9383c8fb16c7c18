import { type Control, useWatch } from "react-hook-form";
import { minorDigits } from "../../lib/currencies.ts";
import { decimalText } from "../../lib/decimal-input.ts";
import { formatMoney } from "../../lib/format.ts";
import { Combobox } from "../../ui/Combobox.tsx";
import { cn } from "../../ui/cn.ts";
import { useApi, usePage } from "../../ui/context.tsx";
import { findProducts, type ProductOption } from "../products/find.ts";
import { lineTotal } from "./arithmetic.ts";
import {
  type ItemForm,
  lineOf,
  type OrderForm,
  type OrderFormApi,
  type OrderRequest,
} from "./form-model.ts";

/** The name of a line: free text, or a product that fills the line. */
export function ItemField({ form, index }: { form: OrderFormApi; index: number }) {
  const api = useApi();
  const { locale } = usePage();
  const { control, setValue, getValues, formState } = form;
  const name = useWatch({ control, name: `items.${index}.name` });
  const sku = useWatch({ control, name: `items.${index}.sku` });
  const error = formState.errors.items?.[index]?.name?.message;
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
        value={name ?? ""}
        placeholder="Product or free text"
        find={(text, signal) => findProducts(api, text, locale, signal)}
        onPick={pick}
        onFreeText={(text) => {
          if (text.trim() !== (name ?? "")) change({ name: text.trim() });
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

type NumberName = "quantity" | "unit_price" | "discount_percent" | "tax_rate";
type NumberProps = {
  form: OrderFormApi;
  index: number;
  name: NumberName;
  label: string;
};

export function NumberField({ form, index, name, label }: NumberProps) {
  const error = form.formState.errors.items?.[index]?.[name]?.message;
  const path = `items.${index}.${name}` as const;
  const id = `item-${index}-${name}`;
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-faint text-xs @min-[50rem]:sr-only">
        {label} <span className="sr-only">of line {index + 1}</span>
      </label>
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-note` : undefined}
        placeholder={name === "unit_price" || name === "quantity" ? undefined : "0"}
        className="control numeric h-9 w-full px-2 text-end text-base pointer-coarse:h-11"
        onFocus={(event) => event.target.select()}
        {...form.register(path)}
      />
      {error ? (
        <p id={`${id}-note`} className="mt-0.5 text-danger-text text-xs">
          {error}
        </p>
      ) : null}
    </div>
  );
}

export function LineAmount({
  control,
  index,
}: {
  control: Control<OrderForm, unknown, OrderRequest>;
  index: number;
}) {
  const { locale } = usePage();
  const item = useWatch({ control, name: `items.${index}` });
  const currency = useWatch({ control, name: "currency" });
  const amount = item ? lineTotal(lineOf(item, locale), minorDigits(currency)) : 0;
  return (
    <p
      className="numeric self-center truncate text-end text-sm @lg:self-end @lg:pb-2 @min-[50rem]:mt-2 @min-[50rem]:self-start @min-[50rem]:pb-0"
      suppressHydrationWarning
    >
      <span className="float-start text-faint @lg:sr-only">Amount </span>
      {formatMoney(amount, currency, locale)}
    </p>
  );
}
