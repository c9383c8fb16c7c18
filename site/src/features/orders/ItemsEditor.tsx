import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { useFieldArray } from "react-hook-form";
import { Button } from "../../ui/Button.tsx";
import { cn } from "../../ui/cn.ts";
import { NEW_ITEM, type OrderFormApi } from "./form-model.ts";
import { ItemField, LineAmount, NumberField } from "./ItemFields.tsx";

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
