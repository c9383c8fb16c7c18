import { Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { ExportButton } from "../exports/ExportButton.tsx";
import { type Column, DataTable, type Selection } from "./DataTable.tsx";
import { ListEmpty, ListError } from "./ListError.tsx";
import { LoadingBar } from "./LoadingBar.tsx";
import { CountText, Pager } from "./Pager.tsx";
import type { ListSpec } from "./spec.ts";
import { TrashTabs } from "./TrashTabs.tsx";
import type { ListState } from "./use-list.ts";

type Props<T> = {
  title: string;
  /** One, and many: `["order", "orders"]`. */
  noun: readonly [string, string];
  icon: ReactNode;
  spec: ListSpec;
  state: ListState<T>;
  /** The button that makes a new one; null for who may not. */
  create: ReactNode;
  /** Search and filters. */
  filters: ReactNode;
  columns: readonly Column<T>[];
  defaultSort: string;
  card: (row: T) => ReactNode;
  selection?: Selection<T> | undefined;
};

/** A list's page: head, filters, and then rows, or why there are none. */
export function ListFrame<T extends { id: string }>(props: Props<T>) {
  const { title, noun, icon, spec, state, create, filters, ...table } = props;
  const { list, error } = state.loaded;
  const inTrash = state.params.has("deleted");
  const rows = list?.data ?? [];
  return (
    <>
      <PageHeader title={inTrash ? `${title} in the trash` : title}>
        <ExportButton spec={spec} state={state} noun={noun} />
        {inTrash ? null : create}
      </PageHeader>
      <div className="relative flex flex-wrap items-center gap-2 border-line border-b px-4 pb-3 md:px-6">
        {filters}
        <TrashTabs spec={spec} state={state} icon={<Trash2 aria-hidden="true" />} />
        <LoadingBar active={state.loading} />
      </div>
      {inTrash ? (
        <p className="border-line border-b px-4 py-2.5 text-muted text-sm md:px-6">
          After 30 days in the trash {noun[1]} are deleted for good
          {noun[0] === "order" ? "." : ", unless an order still names them."}
        </p>
      ) : null}
      <p className="sr-only" role="status">
        {list && !state.loading ? (
          <CountText total={list.page.total} noun={noun} shown={rows.length} />
        ) : null}
      </p>
      {error ? <ListError state={state} error={error} /> : null}
      {list && rows.length === 0 ? (
        <ListEmpty state={state} noun={noun[1]} icon={icon} first={create} />
      ) : null}
      {list && rows.length > 0 ? (
        <>
          <DataTable
            caption={inTrash ? `${title} in the trash` : title}
            spec={spec}
            state={state}
            rows={rows}
            {...table}
          />
          <Pager state={state} page={list.page} shown={rows.length} noun={noun} />
        </>
      ) : null}
    </>
  );
}
