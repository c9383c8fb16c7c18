import { ArrowDown, ArrowUp, X } from "lucide-react";
import { type KeyboardEvent, memo } from "react";
import { useFormState, useWatch } from "react-hook-form";
import { minorDigits } from "../../lib/currencies.ts";
import { formatMoney } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { cn } from "../../ui/cn.ts";
import { usePage } from "../../ui/context.tsx";
import { lineTotal } from "./arithmetic.ts";
import { lineOf, type OrderFormApi } from "./form-model.ts";
import { ItemField, NumberField } from "./ItemFields.tsx";

export const NUMBERS = [
  { name: "quantity", label: "Quantity", short: "Qty" },
  { name: "unit_price", label: "Unit price", short: "Unit price" },
  { name: "discount_percent", label: "Discount in percent", short: "Disc. %" },
  { name: "tax_rate", label: "Tax in percent", short: "Tax %" },
] as const;

// By the room of the panel, not of the window: the navigation may stand beside it.
export const GRID =
  "@min-[50rem]:grid-cols-[minmax(12rem,1fr)_4.5rem_6.5rem_4.5rem_4.5rem_6.5rem_5.5rem]";

export type RowActions = {
  drop: (index: number) => void;
  shift: (from: number, to: number) => void;
  onKeyDown: (event: KeyboardEvent, index: number) => void;
  noteFocus: (index: number) => void;
};

type Props = {
  form: OrderFormApi;
  index: number;
  /** How many lines there are. */
  count: number;
  /** How far below the list's beginning, in pixels; null for a row that stands in the flow. */
  top: number | null;
  measure: ((row: HTMLElement | null) => void) | undefined;
  currency: string;
  actions: RowActions;
};

/** One line of an order. */
export const ItemRow = memo(function ItemRow(props: Props) {
  const { form, index, count, top, measure, currency, actions } = props;
  const { locale } = usePage();
  const { control, register } = form;
  const item = useWatch({ control, name: `items.${index}` });
  const errors = useFormState({ control, name: `items.${index}` }).errors.items?.[index];
  const amount = item ? lineTotal(lineOf(item, locale), minorDigits(currency)) : 0;
  const line = `line ${index + 1}`;
  return (
    <li
      ref={measure}
      data-index={index}
      aria-label={`Line ${index + 1}`}
      // Most of them may not be on the page just now.
      aria-posinset={index + 1}
      aria-setsize={count}
      onKeyDown={(event) => actions.onKeyDown(event, index)}
      onFocus={() => actions.noteFocus(index)}
      style={top === null ? undefined : { top }}
      className={cn(
        "grid grid-cols-2 items-start gap-2 px-4 py-3 @lg:grid-cols-[repeat(4,1fr)_6.5rem_5.5rem] md:px-5 @min-[50rem]:py-1.5",
        GRID,
        top === null
          ? "[contain-intrinsic-size:auto_3.5rem] not-focus-within:[content-visibility:auto]"
          : "absolute inset-x-0",
      )}
    >
      <ItemField
        form={form}
        index={index}
        name={item?.name ?? ""}
        sku={item?.sku ?? null}
        error={errors?.name?.message}
      />
      {NUMBERS.map(({ name, label }) => (
        <NumberField
          key={name}
          id={`item-${index}-${name}`}
          label={label}
          line={line}
          optional={name === "discount_percent" || name === "tax_rate"}
          error={errors?.[name]?.message}
          field={register(`items.${index}.${name}`)}
        />
      ))}
      <p
        className="numeric self-center truncate text-end text-sm @lg:self-end @lg:pb-2 @min-[50rem]:mt-2 @min-[50rem]:self-start @min-[50rem]:pb-0"
        suppressHydrationWarning
      >
        <span className="float-start text-faint @lg:sr-only">Amount </span>
        {formatMoney(amount, currency, locale)}
      </p>
      <div className="flex justify-end @lg:self-end @min-[50rem]:mt-1 @min-[50rem]:self-start">
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`Move ${line} up`}
          disabled={index === 0}
          onClick={() => actions.shift(index, index - 1)}
        >
          <ArrowUp aria-hidden="true" />
        </Button>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`Move ${line} down`}
          disabled={index === count - 1}
          onClick={() => actions.shift(index, index + 1)}
        >
          <ArrowDown aria-hidden="true" />
        </Button>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`Remove ${line}`}
          onClick={() => actions.drop(index)}
        >
          <X aria-hidden="true" />
        </Button>
      </div>
    </li>
  );
});
