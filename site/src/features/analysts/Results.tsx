import { ChartLine, Download } from "lucide-react";
import { useId, useState } from "react";
import type { SqlResult } from "../../../../functions/_shared/contracts/analysts.ts";
import { formatNumber } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { usePage } from "../../ui/context.tsx";
import { Select } from "../../ui/Input.tsx";
import { Chart } from "./Chart.tsx";
import { chartData, drawable } from "./chart-data.ts";
import { saveFile, toCsv } from "./csv.ts";
import { ResultTable, SHOWN } from "./ResultTable.tsx";

/** What a statement gave: its rows, a file of them, and a picture where there is one to draw. */
export function Results({ result }: { result: SqlResult }) {
  const { locale } = usePage();
  const { row_count, truncated, ms } = result;
  const { label, values } = drawable(result);
  const drawnId = useId();
  const [drawn, setDrawn] = useState(false);
  const [chosen, setChosen] = useState<number | null>(null);
  const value = chosen !== null && values.includes(chosen) ? chosen : values[0];
  const count = formatNumber(row_count, locale);
  const shown = Math.min(row_count, SHOWN);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-line border-t px-4 py-2 md:px-5">
        <p role="status" className="min-w-40 flex-1 text-muted text-sm" suppressHydrationWarning>
          {row_count === 1 ? "1 row" : `${count} rows`} in {formatNumber(ms, locale)} ms
          {truncated ? ": there are more" : null}
          {shown < row_count ? `; here the first ${shown}, the CSV has all of these` : null}
        </p>
        {values.length > 0 ? (
          <Button size="sm" aria-pressed={drawn} onClick={() => setDrawn(!drawn)}>
            <ChartLine aria-hidden="true" />
            {drawn ? "Hide chart" : "Chart"}
          </Button>
        ) : null}
        <Button
          size="sm"
          disabled={row_count === 0}
          onClick={() => {
            void toCsv(result).then((text) =>
              saveFile(text, "query.csv", "text/csv;charset=utf-8"),
            );
          }}
        >
          <Download aria-hidden="true" />
          CSV
        </Button>
      </div>
      {drawn && value !== undefined ? (
        <div className="border-line border-t px-4 py-4 md:px-5">
          {values.length > 1 ? (
            <label htmlFor={drawnId} className="mb-3 flex items-center gap-2 text-sm">
              Draw
              <Select
                id={drawnId}
                className="max-w-56"
                value={value}
                onChange={(event) => setChosen(Number(event.target.value))}
              >
                {values.map((at) => (
                  <option key={at} value={at}>
                    {result.columns[at]?.name}
                  </option>
                ))}
              </Select>
            </label>
          ) : null}
          <Chart data={chartData(result, label, value)} />
        </div>
      ) : null}
      <ResultTable result={result} />
    </>
  );
}
