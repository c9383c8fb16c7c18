import { useRef, useState } from "react";
import type { Analyst, AnalyticsView } from "../../../../functions/_shared/contracts/analysts.ts";
import { type PageContext, PageProvider } from "../../ui/context.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { LoginsCard } from "./LoginsCard.tsx";
import { SchemaBrowser } from "./SchemaBrowser.tsx";
import { SqlBox } from "./SqlBox.tsx";

type Props = {
  page: PageContext;
  /** Null when they could not be fetched; so are the views. */
  analysts: readonly Analyst[] | null;
  views: readonly AnalyticsView[] | null;
};

const FIRST = "select month, currency, total, orders\nfrom revenue_by_month\norder by month";

/** The island of the page for people with SQL. */
export function SqlAccessPage({ page, analysts, views }: Props) {
  const [sql, setSql] = useState(FIRST);
  const editor = useRef<HTMLTextAreaElement>(null);
  return (
    <PageProvider page={page}>
      <PageHeader title="SQL access" />
      <div className="flex flex-col gap-6 px-4 pt-1 pb-10 md:px-6">
        <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
          <SqlBox sql={sql} onChange={setSql} editor={editor} />
          <SchemaBrowser
            views={views}
            onAsk={(statement) => {
              setSql(statement);
              editor.current?.focus();
            }}
          />
        </div>
        <LoginsCard initial={analysts} />
      </div>
    </PageProvider>
  );
}
