import { Button } from "../../ui/Button.tsx";
import { CheckLine } from "../../ui/Input.tsx";
import { COLUMNS, type ColumnGroup, groupsOf, type RowKind, usualColumns } from "./columns.ts";
import { columnLabel } from "./labels.ts";

type Chosen = ReadonlySet<string>;
type Props = { kind: RowKind; chosen: Chosen; onChange: (chosen: Chosen) => void };

/** Which columns a file has, by what they tell about. */
export function ColumnChoice({ kind, chosen, onChange }: Props) {
  const known = COLUMNS[kind];
  return (
    <fieldset>
      <legend className="float-start me-auto pt-1 font-medium text-sm">
        Columns{" "}
        <span className="numeric font-normal text-faint">
          {chosen.size} of {known.length}
        </span>
      </legend>
      <div className="flex justify-end gap-1">
        <Button size="sm" variant="ghost" onClick={() => onChange(new Set(known))}>
          All
        </Button>
        <Button size="sm" variant="ghost" onClick={() => onChange(new Set(usualColumns(kind)))}>
          Default columns
        </Button>
      </div>
      <div className="clear-both mt-1.5 divide-y divide-line rounded-lg border border-line">
        {groupsOf(kind).map((group) => (
          <Group key={group.name} group={group} chosen={chosen} onChange={onChange} />
        ))}
      </div>
    </fieldset>
  );
}

type GroupProps = { group: ColumnGroup; chosen: Chosen; onChange: (chosen: Chosen) => void };

/** Columns that belong together, and a box above them that takes all or none. */
function Group({ group: { name, columns }, chosen, onChange }: GroupProps) {
  const count = columns.filter((column) => chosen.has(column)).length;
  const some = count > 0 && count < columns.length;

  function set(changed: readonly string[], on: boolean) {
    const next = new Set(chosen);
    for (const column of changed) on ? next.add(column) : next.delete(column);
    onChange(next);
  }

  return (
    <fieldset className="px-1.5 py-1.5">
      <legend className="sr-only">{name}</legend>
      <CheckLine
        checked={count === columns.length}
        ref={(box) => {
          if (box) box.indeterminate = some;
        }}
        // One that is half set takes all.
        onChange={() => set(columns, count < columns.length)}
      >
        <span className="font-medium">
          <span className="sr-only">All of </span>
          {name}
        </span>
        <span className="numeric ms-auto text-faint text-xs">
          {count} of {columns.length}
        </span>
      </CheckLine>
      <div className="grid grid-cols-2 gap-x-2 ps-4 sm:grid-cols-3">
        {columns.map((column) => (
          <CheckLine
            key={column}
            checked={chosen.has(column)}
            onChange={(event) => set([column], event.target.checked)}
          >
            {columnLabel(column)}
          </CheckLine>
        ))}
      </div>
    </fieldset>
  );
}
