import { Plus } from "lucide-react";
import { type KeyboardEvent, useRef } from "react";
import { useFieldArray, useWatch } from "react-hook-form";
import { Button } from "../../ui/Button.tsx";
import { cn } from "../../ui/cn.ts";
import { NEW_ITEM, type OrderFormApi } from "./form-model.ts";
import { GRID, ItemRow, NUMBERS, type RowActions } from "./ItemRow.tsx";

/**
 * The lines of an order. Enter goes down a line, and makes one below the last; Alt with the arrows
 * moves the line. A row renders again only when it changes itself: there may be a thousand.
 */
export function ItemsEditor({ form }: { form: OrderFormApi }) {
  const { control, setFocus } = form;
  const { fields, append, remove, move } = useFieldArray({ control, name: "items" });
  const currency = useWatch({ control, name: "currency" });
  const root = useRef<HTMLDivElement>(null);
  const addButton = useRef<HTMLButtonElement>(null);

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

  function shift(from: number, to: number) {
    if (to >= 0 && to < fields.length) move(from, to);
  }

  function onKeyDown(event: KeyboardEvent, index: number) {
    const { name } = event.target as HTMLInputElement;
    const at = (line: number) => name.replace(/\d+/, String(line)) as "items.0.quantity";
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.altKey && step !== 0) {
      event.preventDefault();
      const to = index + step;
      if (to < 0 || to >= fields.length) return;
      move(index, to);
      requestAnimationFrame(() => (name ? setFocus(at(to)) : focusName(to)));
    } else if (event.key === "Enter" && name && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      if (index === fields.length - 1) add();
      else setFocus(at(index + 1));
    }
  }

  // One object for all rows and all renderings, that calls what is current.
  const current = useRef<RowActions>({ drop, shift, onKeyDown });
  current.current = { drop, shift, onKeyDown };
  const actions = useRef<RowActions>({
    drop: (index) => current.current.drop(index),
    shift: (from, to) => current.current.shift(from, to),
    onKeyDown: (event, index) => current.current.onKeyDown(event, index),
  }).current;

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
          <ItemRow
            key={field.id}
            form={form}
            index={index}
            last={index === fields.length - 1}
            currency={currency}
            actions={actions}
          />
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
