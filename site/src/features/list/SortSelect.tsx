import { Select } from "../../ui/Input.tsx";
import type { Column } from "./DataTable.tsx";
import type { ListState } from "./use-list.ts";

type Props<T> = { columns: readonly Column<T>[]; state: ListState<T>; defaultSort: string };

/** The order of the rows, where the window is too narrow for headers to click. */
export function SortSelect<T>({ columns, state, defaultSort }: Props<T>) {
  const choices = columns.flatMap(({ sort, header, sortFirst }) => {
    if (!sort) return [];
    const up = { value: sort, label: `${header}, ascending` };
    const down = { value: `-${sort}`, label: `${header}, descending` };
    return sortFirst === "desc" ? [down, up] : [up, down];
  });
  return (
    <div className="border-line border-b px-4 py-2 md:hidden">
      <Select
        aria-label="Sort by"
        className="text-sm"
        value={state.params.get("sort") ?? defaultSort}
        onChange={(event) => state.change({ sort: event.target.value })}
      >
        {choices.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
    </div>
  );
}
