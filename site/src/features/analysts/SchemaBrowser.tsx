import { ChevronRight } from "lucide-react";
import type { AnalyticsView } from "../../../../functions/_shared/contracts/analysts.ts";
import { Button } from "../../ui/Button.tsx";

type Props = {
  /** Null when they could not be fetched. */
  views: readonly AnalyticsView[] | null;
  onAsk: (sql: string) => void;
};

/** What there is to read: each view, its columns and what they mean. */
export function SchemaBrowser({ views, onAsk }: Props) {
  return (
    <section aria-labelledby="schema" className="panel overflow-hidden">
      <h2 id="schema" className="px-4 pt-4 pb-3 font-semibold text-sm">
        What there is
      </h2>
      {views === null ? (
        <p role="alert" className="border-line border-t px-4 py-4 text-muted text-sm">
          The views could not be loaded.
        </p>
      ) : null}
      {views?.map(({ name, comment, columns }) => (
        <details key={name} className="group border-line border-t">
          <summary className="flex items-center gap-2 px-4 py-2 font-mono text-sm hover:bg-hover">
            <ChevronRight
              className="size-3.5 shrink-0 text-faint group-open:rotate-90 rtl:-scale-x-100"
              aria-hidden="true"
            />
            {name}
          </summary>
          <div className="px-4 pb-3">
            <p className="mb-2 text-muted text-xs">{comment}</p>
            <Button size="sm" onClick={() => onAsk(`select *\nfrom ${name}\nlimit 100`)}>
              Ask for it
            </Button>
            <dl className="mt-3 flex flex-col gap-2 text-xs">
              {columns.map((column) => (
                <div key={column.name}>
                  <dt>
                    <code className="font-medium font-mono">{column.name}</code>{" "}
                    <span className="text-faint">{column.type}</span>
                  </dt>
                  <dd className="text-muted">{column.comment}</dd>
                </div>
              ))}
            </dl>
          </div>
        </details>
      ))}
    </section>
  );
}
