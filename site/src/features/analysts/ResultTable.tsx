import type { SqlResult } from "../../../../functions/_shared/contracts/analysts.ts";
import { isNumber } from "./chart-data.ts";
import { textOf } from "./csv.ts";

/** More rows are for the file, not for the page. */
export const SHOWN = 500;

/** The rows of a result, each value as Postgres gave it. */
export function ResultTable({ result }: { result: SqlResult }) {
  const { columns, rows } = result;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark of its own in the section it is in
    <div
      role="region"
      aria-label="Rows"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="max-h-[32rem] overflow-auto border-line border-t"
    >
      <table className="w-full border-collapse text-sm">
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th
                key={at}
                scope="col"
                className={`sticky top-0 whitespace-nowrap border-line border-b bg-sunken px-3 py-2 font-medium ${isNumber(column) ? "text-end" : "text-start"}`}
              >
                <bdi>{column.name}</bdi>{" "}
                <span className="font-normal text-faint text-xs">{column.type}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, SHOWN).map((row, line) => (
            <tr key={line} className="border-line border-t first:border-t-0 hover:bg-hover">
              {row.map((value, at) => (
                <td
                  key={at}
                  dir="auto"
                  className={`max-w-80 truncate px-3 py-1.5 ${columns[at] && isNumber(columns[at]) ? "numeric text-end" : "text-start"}`}
                >
                  {value === null ? <span className="text-faint italic">null</span> : textOf(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
