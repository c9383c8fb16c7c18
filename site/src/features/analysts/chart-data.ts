import type { SqlColumn, SqlResult } from "../../../../functions/_shared/contracts/analysts.ts";
import { textOf } from "./csv.ts";

const NUMBERS = /^(smallint|integer|bigint|numeric|real|double precision)\b/;
const TIMES = /^(date|timestamp)\b/;
/** More bars nobody reads. */
const MOST_BARS = 30;
const MOST_POINTS = 1_000;

export type Point = { label: string; value: number };
export type ChartData = {
  kind: "bar" | "line";
  label: string;
  value: string;
  points: Point[];
  /** How many rows there were beyond what is drawn. */
  left: number;
};

/** Whether a column holds numbers. */
export const isNumber = ({ type }: SqlColumn) => NUMBERS.test(type);

/** The columns that can be drawn, by their places; none when there is nothing to draw. */
export function drawable({ columns, row_count }: SqlResult): { label: number; values: number[] } {
  const label = columns.findIndex((column) => !isNumber(column));
  const values = columns.flatMap((column, at) => (isNumber(column) ? [at] : []));
  return { label, values: label < 0 || row_count < 2 ? [] : values };
}

/** What a chart of one column by another shows: a line over time, bars of anything else. */
export function chartData(result: SqlResult, label: number, value: number): ChartData {
  const { columns, rows } = result;
  const time = TIMES.test(columns[label]?.type ?? "");
  const found = rows.flatMap((row) => {
    const [name, number] = [row[label] ?? null, row[value] ?? null];
    if (number === null || !Number.isFinite(Number(number))) return [];
    return [{ label: name === null ? "null" : textOf(name), value: Number(number) }];
  });
  // A line goes the way that time does, however the statement sorted.
  const all = time ? found.toSorted((a, b) => (a.label < b.label ? -1 : 1)) : found;
  const points = all.slice(0, time ? MOST_POINTS : MOST_BARS);
  return {
    kind: time ? "line" : "bar",
    label: columns[label]?.name ?? "",
    value: columns[value]?.name ?? "",
    points,
    left: all.length - points.length,
  };
}
