import { type SubmitEvent, useRef } from "react";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { FilterPopover } from "./FilterPopover.tsx";
import { SearchBox } from "./SearchBox.tsx";
import { type ListSpec, searchOf, withParams } from "./spec.ts";
import type { ListState } from "./use-list.ts";

/** One parameter of a list: one of a few values, or a word. */
export type Filter = {
  name: string;
  label: string;
  /** What can be chosen; without, it is typed. */
  choices?: readonly (readonly [value: string, label: string])[];
  hint?: string;
};

type Props<T> = {
  spec: ListSpec;
  state: ListState<T>;
  /** What the search field says. */
  search: string;
  filters: readonly Filter[];
};

/**
 * Search and filters of a list, as one form whose fields are the address's parameters: it works by plain
 * submission until the island is awake.
 */
export function ListFilters<T>({ spec, state, search, filters }: Props<T>) {
  const { params } = state;
  const textOf = ({ name, choices }: Filter) => {
    const value = params.get(name);
    return value && (choices?.find(([one]) => one === value)?.[1] ?? value);
  };

  function apply(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    state.change(
      Object.fromEntries(filters.map(({ name }) => [name, String(form.get(name) ?? "").trim()])),
    );
    closePopover(event.currentTarget);
  }

  return (
    <form method="get" onSubmit={apply} className="contents">
      <SearchBox state={state} label={search} />
      {filters.map((filter) => {
        const { name, label } = filter;
        const cleared = searchOf(withParams(spec, params, { [name]: null }));
        return (
          <FilterPopover
            key={name}
            label={label}
            value={textOf(filter)}
            clearHref={cleared || "?"}
            onOpen={(href) => state.open(href === "?" ? "" : href)}
          >
            <FilterFields filter={filter} state={state} />
          </FilterPopover>
        );
      })}
      {["sort", "deleted"].map((name) =>
        params.has(name) ? (
          <input key={name} type="hidden" name={name} value={params.get(name) ?? ""} />
        ) : null,
      )}
    </form>
  );
}

function FilterFields<T>({ filter, state }: { filter: Filter; state: ListState<T> }) {
  const { name, label, choices, hint } = filter;
  const value = state.params.get(name) ?? "";
  // Who goes through them with the arrow keys is not done with the first.
  const byPointer = useRef(false);
  if (choices === undefined) {
    return (
      <div key={value} className="flex flex-col gap-3">
        <Field label={label} hint={hint}>
          {(control) => <Input {...control} name={name} defaultValue={value} autoComplete="off" />}
        </Field>
        <Apply />
      </div>
    );
  }
  return (
    <fieldset
      className="flex flex-col gap-0.5"
      onPointerDown={() => {
        byPointer.current = true;
      }}
      onKeyDown={() => {
        byPointer.current = false;
      }}
    >
      <legend className="sr-only">{label}</legend>
      {choices.map(([one, text]) => (
        <label
          key={one}
          className="flex min-h-8 cursor-pointer items-center gap-2.5 rounded-md px-1.5 text-sm hover:bg-hover pointer-coarse:min-h-11"
        >
          <input
            type="radio"
            name={name}
            value={one}
            checked={one === value}
            onChange={(event) => {
              state.change({ [name]: one });
              if (byPointer.current) closePopover(event.target);
            }}
            className="size-4 shrink-0 accent-accent pointer-coarse:size-5"
          />
          {text}
        </label>
      ))}
      <noscript>
        <Apply />
      </noscript>
    </fieldset>
  );
}

function Apply() {
  return (
    <Button type="submit" variant="primary" className="w-full">
      Apply
    </Button>
  );
}

/** Whichever popover is open in the form that holds `element`, or is it. */
function closePopover(element: Element): void {
  element.closest("form")?.querySelector<HTMLElement>(":popover-open")?.hidePopover();
}
