import { Plus, RotateCcw } from "lucide-react";
import { type ComponentType, type ReactNode, Suspense, useMemo, useState } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows, useHref } from "../../ui/context.tsx";
import { leaveWithToast } from "../../ui/toast.ts";
import type { Column } from "../list/DataTable.tsx";
import { type Filter, ListFilters } from "../list/ListFilters.tsx";
import { ListFrame } from "../list/ListFrame.tsx";
import type { Loaded } from "../list/load.ts";
import type { ListSpec } from "../list/spec.ts";
import { type ListState, useList } from "../list/use-list.ts";
import { useRowKeys } from "../list/use-row-keys.ts";
import { useTrash } from "./use-trash.ts";

type Stored = { id: string; name: string };

type DialogProps<T> = {
  fields: CustomField[];
  onClose: () => void;
  onSaved: (record: T) => void;
};

/** What the list of one kind of record is, beside what all such lists are. */
export type RecordKind<T extends Stored> = {
  /** The portal's path, `customers`. */
  path: string;
  title: string;
  noun: readonly [string, string];
  icon: ReactNode;
  spec: ListSpec;
  filters: readonly Filter[];
  /** A hook: its columns may depend on the page and on the list. */
  useColumns: (state: ListState<T>) => Column<T>[];
  Card: ComponentType<{ record: T }>;
  /** Makes a new one. */
  Dialog: ComponentType<DialogProps<T>>;
};

type Props<T extends Stored> = {
  page: PageContext;
  kind: RecordKind<T>;
  initial: Loaded<T>;
  fields: CustomField[];
};

/** The island of a list of records that are made in a dialog: customers, products. */
export function RecordsPage<T extends Stored>({ page, ...rest }: Props<T>) {
  return (
    <PageProvider page={page}>
      <Records {...rest} />
    </PageProvider>
  );
}

function Records<T extends Stored>({ kind, initial, fields }: Omit<Props<T>, "page">) {
  const { path, title, noun, icon, spec, filters, useColumns, Card, Dialog } = kind;
  const state = useList(spec, initial);
  const href = useHref();
  const mayWrite = useAllows("member");
  const [creating, setCreating] = useState(false);
  const inTrash = state.params.has("deleted");
  const own = useColumns(state);
  const restore = useRestoreColumn<T>(spec.path, () => void state.refresh());
  useRowKeys();

  const create = mayWrite ? (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden="true" />
      New {noun[0]}
    </Button>
  ) : null;

  return (
    <>
      <ListFrame
        title={title}
        noun={noun}
        icon={icon}
        spec={spec}
        state={state}
        create={create}
        filters={
          <ListFilters spec={spec} state={state} search={`Search ${noun[1]}`} filters={filters} />
        }
        columns={inTrash && mayWrite ? [...own, restore] : own}
        defaultSort="name"
        card={(record) => <Card record={record} />}
      />
      {creating ? (
        <Suspense>
          <Dialog
            fields={fields}
            onClose={() => setCreating(false)}
            onSaved={({ id, name }) => leaveWithToast(href(`${path}/${id}`), `${name} created`)}
          />
        </Suspense>
      ) : null}
    </>
  );
}

/** The way back from the trash, as a column. */
function useRestoreColumn<T extends Stored>(path: string, onRestored: () => void): Column<T> {
  const { restore, busy } = useTrash(path, onRestored);
  return useMemo(
    () => ({
      id: "restore",
      header: "",
      align: "end",
      cell: (record) => (
        <Button
          size="sm"
          className="relative z-1"
          disabled={busy}
          aria-label={`Restore ${record.name}`}
          onClick={() => void restore(record)}
        >
          <RotateCcw aria-hidden="true" />
          Restore
        </Button>
      ),
    }),
    [restore, busy],
  );
}
