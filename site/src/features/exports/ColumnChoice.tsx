import { Button } from "../../ui/Button.tsx";
import { CheckLine } from "../../ui/Input.tsx";
import { columnLabel } from "./labels.ts";

type Props = {
  /** Every column there is, in the order of the file. */
  known: readonly string[];
  usual: readonly string[];
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
};

/** Which columns a file has. */
export function ColumnChoice({ known, usual, chosen, onChange }: Props) {
  function toggle(name: string, on: boolean) {
    const next = new Set(chosen);
    on ? next.add(name) : next.delete(name);
    onChange(next);
  }
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
        <Button size="sm" variant="ghost" onClick={() => onChange(new Set(usual))}>
          The usual
        </Button>
      </div>
      <div className="clear-both mt-1 grid grid-cols-2 gap-x-2 sm:grid-cols-3">
        {known.map((name) => (
          <CheckLine
            key={name}
            checked={chosen.has(name)}
            onChange={(event) => toggle(name, event.target.checked)}
          >
            {columnLabel(name)}
          </CheckLine>
        ))}
      </div>
    </fieldset>
  );
}
