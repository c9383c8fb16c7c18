import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { type Control, type UseFormReturn, useFieldArray, useWatch } from "react-hook-form";
import { minorDigits } from "../../lib/currencies.ts";
import { decimalText } from "../../lib/decimal-input.ts";
import { formatMoney } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { Combobox } from "../../ui/Combobox.tsx";
import { cn } from "../../ui/cn.ts";
import { useApi, usePage } from "../../ui/context.tsx";
import { findProducts, type ProductOption } from "../products/find.ts";
import { lineTotal } from "./arithmetic.ts";
import {
  type ItemForm,
  lineOf,
  NEW_ITEM,
  type OrderForm,
  type OrderRequest,
} from "./form-model.ts";

export type OrderFormApi = UseFormReturn<OrderForm, unknown, OrderRequest>;

const NUMBERS = [
  { name: "quantity", label: "Quantity", short: "Qty" },
  { name: "unit_price", label: "Unit price", short: "Unit price" },
  { name: "discount_percent", label: "Discount in percent", short: "Disc. %" },
  { name: "tax_rate", label: "Tax in percent", short: "Tax %" },
] as const;

// By the room of the panel, not of the window: the navigation may stand beside it.
const GRID = "@min-[50rem]:grid-cols-[minmax(12rem,1fr)_4.5rem_6.5rem_4.5rem_4.5rem_6.5rem_5.5rem]";

/**
 * The lines of an order. Enter goes down a line, and makes one below the last; Alt with the arrows
 * moves the line.
 */
export function ItemsEditor({ form }: { form: OrderFormApi }) {
  const { control, setFocus } = form;
  const { fields, append, remove, move } = useFieldArray({ control, name: "items" });
  const root = useRef<HTMLDivElement>(null);

  function add() {
    append({ ...NEW_ITEM }, { shouldFocus: false });
    // The new line's fields exist after the next painting.
    requestAnimationFrame(() => focusName(fields.length));
  }

  function focusName(index: number) {
    root.current?.querySelectorAll<HTMLElement>("input[role=combobox]")[index]?.focus();
  }

  function drop(index: number) {
    remove(index);
    requestAnimationFrame(() =>
      fields.length > 1 ? focusName(Math.max(0, index - 1)) : addButton.current?.focus(),
    );
  }
  const addButton = useRef<HTMLButtonElement>(null);

  function onKeyDown(event: KeyboardEvent, index: number) {
    const target = event.target as HTMLInputElement;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.altKey && step !== 0) {
      event.preventDefault();
      const to = index + step;
      if (to < 0 || to >= fields.length) return;
      const { name } = target;
      move(index, to);
      requestAnimationFrame(() =>
        name ? setFocus(name.replace(/\d+/, String(to)) as "items.0.quantity") : focusName(to),
      );
    } else if (event.key === "Enter" && target.name && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      if (index === fields.length - 1) add();
      else setFocus(target.name.replace(/\d+/, String(index + 1)) as "items.0.quantity");
    }
  }

  return (
    <div ref={root} className="@container">
      <div
        className={cn(
          "hidden gap-2 px-5 pt-3.5 pb-1 font-medium text-faint text-xs @min-[50rem]:grid",
          GRID,
        )}
        aria-hidden="true"
      >
        <span>Item</span>
        {NUMBERS.map(({ name, short }) => (
          <span key={name} className="text-end">
            {short}
          </span>
        ))}
        <span className="text-end">Amount</span>
      </div>
      <ul className="divide-y divide-line @min-[50rem]:divide-y-0">
        {fields.map((field, index) => (
          <li
            key={field.id}
            aria-label={`Line ${index + 1}`}
            onKeyDown={(event) => onKeyDown(event, index)}
            className={cn(
              "grid grid-cols-2 items-start gap-2 px-4 py-3 @lg:grid-cols-[repeat(4,1fr)_6.5rem_5.5rem] md:px-5 @min-[50rem]:py-1.5",
              GRID,
            )}
          >
            <ItemField form={form} index={index} />
            {NUMBERS.map(({ name, label }) => (
              <NumberField key={name} form={form} index={index} name={name} label={label} />
            ))}
            <LineAmount control={control} index={index} />
            <div className="flex justify-end @lg:self-end @min-[50rem]:self-start">
              <Button
                variant="ghost"
                size="icon-sm"
                className="@min-[50rem]:mt-1"
                aria-label={`Move line ${index + 1} up`}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              >
                <ArrowUp aria-hidden="true" />
              </Button>
              <Button
                variant="ghost"
                size="icon-sm"
                className="@min-[50rem]:mt-1"
                aria-label={`Move line ${index + 1} down`}
                disabled={index === fields.length - 1}
                onClick={() => move(index, index + 1)}
              >
                <ArrowDown aria-hidden="true" />
              </Button>
              <Button
                variant="ghost"
                size="icon-sm"
                className="@min-[50rem]:mt-1"
                aria-label={`Remove line ${index + 1}`}
                onClick={() => drop(index)}
              >
                <X aria-hidden="true" />
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <div className="px-4 pt-1 pb-4 md:px-5">
        <Button ref={addButton} variant="ghost" onClick={add} className="-ms-2">
          <Plus aria-hidden="true" />
          Add line
        </Button>
      </div>
    </div>
  );
}

/** The name of a line: free text, or a product that fills the line. */
function ItemField({ form, index }: { form: OrderFormApi; index: number }) {
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

type NumberProps = {
  form: OrderFormApi;
  index: number;
  name: (typeof NUMBERS)[number]["name"];
  label: string;
};

function NumberField({ form, index, name, label }: NumberProps) {
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

function LineAmount({
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
