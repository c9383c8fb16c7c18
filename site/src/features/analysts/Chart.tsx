import { formatNumber } from "../../lib/format.ts";
import { usePage } from "../../ui/context.tsx";
import type { ChartData, Point } from "./chart-data.ts";

const WIDTH = 1000;
const HEIGHT = 240;

/** A simple picture of one column by another; the table beside it has every value. */
export function Chart({ data }: { data: ChartData }) {
  const { kind, label, value, points, left } = data;
  if (points.length === 0) return null;
  return (
    <figure className="min-w-0">
      <figcaption className="mb-3 text-muted text-xs">
        <bdi>{value}</bdi> by <bdi>{label}</bdi>
        {left > 0 ? `: the first ${points.length} of ${points.length + left}` : null}
      </figcaption>
      {kind === "line" ? <Line points={points} name={`${value} by ${label}`} /> : null}
      {kind === "bar" ? <Bars points={points} /> : null}
    </figure>
  );
}

function useFormat() {
  const { locale } = usePage();
  return (number: number) => formatNumber(number, locale, 2);
}

function Bars({ points }: { points: Point[] }) {
  const format = useFormat();
  const most = Math.max(...points.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  return (
    <ul className="grid grid-cols-[minmax(4rem,max-content)_minmax(0,1fr)] items-center gap-x-3 gap-y-1.5 text-xs">
      {points.map(({ label, value }, at) => (
        <li key={at} className="col-span-2 grid grid-cols-subgrid items-center">
          <bdi className="max-w-40 truncate text-muted">{label}</bdi>
          <span className="flex items-center gap-2">
            <span
              aria-hidden="true"
              className={`h-4 rounded-sm ${value < 0 ? "bg-danger" : "bg-accent"}`}
              style={{ width: `${(Math.abs(value) / most) * 75}%`, minWidth: "1px" }}
            />
            <span className="numeric" suppressHydrationWarning>
              {format(value)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Line({ points, name }: { points: Point[]; name: string }) {
  const format = useFormat();
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = most - least || 1;
  const across = (at: number) => (at / Math.max(1, points.length - 1)) * WIDTH;
  const up = (value: number) => HEIGHT - ((value - least) / span) * HEIGHT;
  const path = points
    .map(({ value }, at) => `${at ? "L" : "M"}${across(at)} ${up(value)}`)
    .join("");
  const [first, last] = [points[0], points.at(-1)];
  const summary = `Line of ${name}: ${points.length} values from ${first?.label} (${format(
    first?.value ?? 0,
  )}) to ${last?.label} (${format(last?.value ?? 0)}), at most ${format(most)}`;
  return (
    <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2 text-faint text-xs" dir="ltr">
      <div className="numeric flex flex-col justify-between text-end" aria-hidden="true">
        <span>{format(most)}</span>
        <span>{format(least)}</span>
      </div>
      <svg
        role="img"
        aria-label={summary}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-48 w-full overflow-visible"
      >
        {[0, 0.5, 1].map((part) => (
          <path
            key={part}
            d={`M0 ${HEIGHT * part}H${WIDTH}`}
            className="stroke-line"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        <path d={`${path}L${WIDTH} ${up(0)}L0 ${up(0)}Z`} className="fill-accent opacity-10" />
        <path
          d={path}
          className="fill-none stroke-accent"
          strokeWidth="2"
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <div className="numeric col-start-2 mt-1 flex justify-between" aria-hidden="true">
        <span>{first?.label}</span>
        <span>{last?.label}</span>
      </div>
    </div>
  );
}
