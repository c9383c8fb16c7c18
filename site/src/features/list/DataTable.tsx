import { ArrowDown, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "../../ui/cn.ts";
import { Checkbox } from "../../ui/Input.tsx";
import { LocalLink } from "./LocalLink.tsx";
import { SortSelect } from "./SortSelect.tsx";
import { type ListSpec, searchOf, withParams } from "./spec.ts";
import type { ListState } from "./use-list.ts";

export type Column<T> = {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** The API's name for sorting by this column. */
  sort?: string;
  /** The direction of a first click. */
  sortFirst?: "asc" | "desc";
  align?: "start" | "end";
  /** Takes the room that the others leave. */
  wide?: boolean;
  /** Left out on windows narrower than this. */
  from?: "lg" | "xl";
};

export type Selection<T> = {
  selected: ReadonlySet<string>;
  toggle: (ids: string[], on: boolean) => void;
  /** What a row's check box is called. */
  label: (row: T) => string;
};

type Props<T> = {
  caption: string;
  spec: ListSpec;
  state: ListState<T>;
  rows: readonly T[];
  columns: readonly Column<T>[];
  defaultSort: string;
  /** The same row on a narrow window. */
  card: (row: T) => ReactNode;
  selection?: Selection<T> | undefined;
};

const FROM = { lg: "hidden lg:table-cell", xl: "hidden xl:table-cell" };

/** The rows of a list: a table, or cards where the window is too narrow for one. */
export function DataTable<T extends { id: string }>(props: Props<T>) {
  const { caption, rows, columns, card, selection, state } = props;
  const ids = rows.map(({ id }) => id);
  const chosen = ids.filter((id) => selection?.selected.has(id)).length;
  return (
    <div
      className={cn("transition-opacity duration-150", state.loading && "opacity-60")}
      aria-busy={state.loading}
    >
      <SortSelect columns={columns} state={state} defaultSort={props.defaultSort} />
      <ul className="divide-y divide-line md:hidden" aria-label={caption}>
        {rows.map((row) => (
          <li key={row.id} className="relative px-4 py-3 active:bg-hover">
            {card(row)}
          </li>
        ))}
      </ul>
      <table className="hidden w-full border-separate border-spacing-0 text-sm md:table">
        <caption className="sr-only">{caption}</caption>
        <thead className="sticky top-0 z-10">
          <tr>
            {selection ? (
              <th scope="col" className="w-10 border-line border-b bg-surface ps-6">
                <Checkbox
                  className="block"
                  aria-label="Select all on this page"
                  checked={chosen > 0 && chosen === ids.length}
                  ref={(box) => {
                    if (box) box.indeterminate = chosen > 0 && chosen < ids.length;
                  }}
                  onChange={(event) => selection.toggle(ids, event.target.checked)}
                />
              </th>
            ) : null}
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} {...props} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.id}
              className="group relative has-[[data-row-link]:focus-visible]:bg-hover hover:bg-hover data-selected:bg-accent-soft"
              data-selected={selection?.selected.has(row.id) ? "" : undefined}
            >
              {selection ? (
                <td className="relative z-1 w-10 border-line border-b ps-6">
                  <Checkbox
                    className="block"
                    aria-label={selection.label(row)}
                    checked={selection.selected.has(row.id)}
                    onChange={(event) => selection.toggle([row.id], event.target.checked)}
                  />
                </td>
              ) : null}
              {columns.map(({ id, cell, align, wide, from }) => (
                <td
                  key={id}
                  className={cn(
                    "h-11 whitespace-nowrap border-line border-b px-3 first:ps-6 last:pe-6",
                    align === "end" && "text-end",
                    wide && "w-full max-w-0 truncate",
                    from && FROM[from],
                  )}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HeaderCell<T>({ column, spec, state, defaultSort }: Props<T> & { column: Column<T> }) {
  const { header, sort, sortFirst = "asc", align, from } = column;
  const active = state.params.get("sort") ?? defaultSort;
  const direction = active === sort ? "asc" : active === `-${sort}` ? "desc" : null;
  const next = direction === null ? sortFirst : direction === "asc" ? "desc" : "asc";
  const href = searchOf(
    withParams(spec, state.params, { sort: next === "asc" ? (sort ?? null) : `-${sort}` }),
  );
  const Arrow = (direction ?? next) === "asc" ? ArrowUp : ArrowDown;
  return (
    <th
      scope="col"
      aria-sort={direction === null ? undefined : direction === "asc" ? "ascending" : "descending"}
      className={cn(
        "h-9 whitespace-nowrap border-line border-b bg-surface px-3 font-medium text-faint text-xs first:ps-6 last:pe-6",
        align === "end" ? "text-end" : "text-start",
        from && FROM[from],
      )}
    >
      {sort ? (
        <LocalLink
          href={href}
          onOpen={state.open}
          className={cn(
            "group/sort -mx-1.5 inline-flex items-center gap-1 rounded-sm px-1.5 py-1 hover:text-ink",
            direction && "text-ink",
            align === "end" && "flex-row-reverse",
          )}
        >
          {header}
          <Arrow
            aria-hidden="true"
            className={cn(
              "size-3",
              direction === null &&
                "opacity-0 group-hover/sort:opacity-60 group-focus-visible/sort:opacity-60",
            )}
          />
        </LocalLink>
      ) : (
        header
      )}
    </th>
  );
}

/** The link of a row: its whole row is the target, and the keys j and k step through these. */
export function RowLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a
      href={href}
      data-row-link=""
      className="font-medium text-ink after:absolute after:inset-0 after:content-['']"
    >
      {children}
    </a>
  );
}
