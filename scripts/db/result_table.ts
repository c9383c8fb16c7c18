/** A statement's result as text, in psql's way. */

/** Types that stand to the right: integers, floats, numeric, money, oid. */
const TO_THE_RIGHT = new Set([20, 21, 23, 26, 700, 701, 790, 1700]);

export type Result = {
  command: string;
  count: number;
  columns: readonly { name: string; type: number }[];
  /** Every value as Postgres writes it. */
  rows: readonly (readonly (string | null)[])[];
};

/** A table for a result with columns, else what was done: `UPDATE 3`. */
export function resultText({ command, count, columns, rows }: Result): string {
  if (columns.length === 0) {
    return (
      { INSERT: `INSERT 0 ${count}` }[command] ?? (count > 0 ? `${command} ${count}` : command)
    );
  }
  const cells = rows.map((row) => row.map((value) => (value ?? "").split("\n")));
  const widths = columns.map(({ name }, at) =>
    Math.max(name.length, ...cells.flatMap((row) => row[at]?.map(({ length }) => length) ?? [])),
  );
  const line = (texts: readonly string[], toTheRight: (at: number) => boolean) =>
    widths
      .map((width, at) => {
        const text = texts[at] ?? "";
        return ` ${toTheRight(at) ? text.padStart(width) : text.padEnd(width)} `;
      })
      .join("|")
      .trimEnd();
  const body = cells.flatMap((row) =>
    Array.from({ length: Math.max(...row.map(({ length }) => length)) }, (_, part) =>
      line(
        row.map((parts) => parts[part] ?? ""),
        (at) => TO_THE_RIGHT.has(columns[at]?.type ?? 0),
      ),
    ),
  );
  return [
    line(
      columns.map(({ name }) => name),
      () => false,
    ),
    widths.map((width) => "-".repeat(width + 2)).join("+"),
    ...body,
    `(${rows.length} ${rows.length === 1 ? "row" : "rows"})`,
  ].join("\n");
}
