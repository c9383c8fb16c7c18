import { describe, expect, it } from "vitest";
import type { SqlResult } from "../../../../functions/_shared/contracts/analysts.ts";
import { chartData, drawable } from "./chart-data.ts";

const result = (columns: [string, string][], rows: SqlResult["rows"]): SqlResult => ({
  columns: columns.map(([name, type]) => ({ name, type })),
  rows,
  row_count: rows.length,
  truncated: false,
  ms: 1,
});

describe("a chart", () => {
  it("needs a label, a number and more than one row", () => {
    const one = result(
      [
        ["name", "text"],
        ["total", "numeric(12,2)"],
      ],
      [["a", 1]],
    );
    expect(drawable(one).values).toEqual([]);
    expect(drawable({ ...one, row_count: 2 })).toEqual({ label: 0, values: [1] });
    expect(drawable(result([["a", "integer"]], [[1], [2]])).values).toEqual([]);
    expect(drawable(result([["a", "text"]], [["x"], ["y"]])).values).toEqual([]);
  });

  it("is a line over time, in its order, and bars of anything else", () => {
    const months = result(
      [
        ["month", "date"],
        ["total", "numeric"],
      ],
      [
        ["2026-02-01", 2],
        ["2026-01-01", "12345678901234567"],
        ["2026-03-01", null],
      ],
    );
    expect(chartData(months, 0, 1)).toMatchObject({
      kind: "line",
      points: [
        { label: "2026-01-01", value: 1.2345678901234568e16 },
        { label: "2026-02-01", value: 2 },
      ],
    });
    const names = Array.from({ length: 40 }, (_, at) => [`n${at}`, at]);
    expect(
      chartData(
        result(
          [
            ["name", "text"],
            ["n", "bigint"],
          ],
          names,
        ),
        0,
        1,
      ),
    ).toMatchObject({
      kind: "bar",
      left: 10,
    });
  });
});
