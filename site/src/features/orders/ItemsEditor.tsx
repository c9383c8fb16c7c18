import { Plus } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useFieldArray, useFormState, useWatch } from "react-hook-form";
import { Button } from "../../ui/Button.tsx";
import { cn } from "../../ui/cn.ts";
import { NEW_ITEM, type OrderFormApi } from "./form-model.ts";
import { GRID, ItemRow, NUMBERS, type RowActions } from "./ItemRow.tsx";
import { useRowWindow } from "./use-row-window.ts";

/**
 * The lines of an order. Enter goes down a line, and makes one below the last; Alt with the arrows
 * moves the line. A row renders again only when it changes itself, and of many only those in sight
 * exist: there may be a thousand.
 */
export function ItemsEditor({ form }: { form: OrderFormApi }) {
  const { control } = form;
  const { fields, append, remove, move } = useFieldArray({ control, name: "items" });
  const currency = useWatch({ control, name: "currency" });
  const list = useRef<HTMLUListElement>(null);
  const addButton = useRef<HTMLButtonElement>(null);
  const { places, height, measure, noteFocus, reach } = useRowWindow(
    list,
    fields.length,
    (index) => fields[index]?.id ?? "",
  );

  /** Goes to a field of a line by its name; without one, or where the line has none, to the item's. */
  function focusOn(index: number, field?: string) {
    reach(index, (row) => {
      const wanted = field ? `input[name="items.${index}.${field}"]` : "input[role=combobox]";
      const input = row.querySelector<HTMLInputElement>(wanted);
      (input ?? row.querySelector<HTMLInputElement>("input"))?.focus();
    });
  }

  // Of a line that does not exist just now the form cannot focus the field that is wrong.
  const { errors, submitCount } = useFormState({ control });
  const wrong = useRef(-1);
  wrong.current = Array.isArray(errors.items) ? errors.items.findIndex(Boolean) : -1;
  useEffect(() => {
    const index = wrong.current;
    const elsewhere = Object.keys(errors).some((name) => name !== "items");
    if (index < 0 || elsewhere || list.current?.contains(document.activeElement)) return;
    focusOn(
      index,
      Object.keys(errors.items?.[index] ?? {}).find((name) => name !== "name"),
    );
  }, [submitCount]);

  function add() {
    append({ ...NEW_ITEM }, { shouldFocus: false });
    focusOn(fields.length);
  }

  function drop(index: number) {
    remove(index);
    if (fields.length > 1) focusOn(Math.max(0, index - 1));
    else requestAnimationFrame(() => addButton.current?.focus());
  }

  function shift(from: number, to: number) {
    if (to >= 0 && to < fields.length) move(from, to);
  }

  function onKeyDown(event: KeyboardEvent, index: number) {
    const { name } = event.target as HTMLInputElement;
    const field = name?.split(".")[2];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.altKey && step !== 0) {
      event.preventDefault();
      const to = index + step;
      if (to < 0 || to >= fields.length) return;
      move(index, to);
      focusOn(to, field);
    } else if (event.key === "Enter" && field && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      if (index === fields.length - 1) add();
      else focusOn(index + 1, field);
    }
  }

  // One object for all rows and all renderings, that calls what is current.
  const current = useRef<RowActions>({ drop, shift, onKeyDown, noteFocus });
  current.current = { drop, shift, onKeyDown, noteFocus };
  const actions = useRef<RowActions>({
    drop: (index) => current.current.drop(index),
    shift: (from, to) => current.current.shift(from, to),
    onKeyDown: (event, index) => current.current.onKeyDown(event, index),
    noteFocus: (index) => current.current.noteFocus(index),
  }).current;

  return (
    <div className="@container">
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
      <ul
        ref={list}
        className={cn("divide-y divide-line @min-[50rem]:divide-y-0", places && "relative")}
        style={places ? { height } : undefined}
        onBlur={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget)) noteFocus(null);
        }}
      >
        {(places ?? fields.map((_, index) => ({ index, top: null }))).map(({ index, top }) => (
          <ItemRow
            key={fields[index]?.id}
            form={form}
            index={index}
            count={fields.length}
            top={top}
            measure={measure}
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
