import { Download, ScrollText } from "lucide-react";
import type { AuditEntry } from "../../../../functions/_shared/contracts/audit.ts";
import type { Member } from "../../../../functions/_shared/contracts/tenancy.ts";
import { ButtonLink } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useHref } from "../../ui/context.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { ListEmpty, ListError } from "../list/ListError.tsx";
import { LoadingBar } from "../list/LoadingBar.tsx";
import type { Loaded } from "../list/load.ts";
import { CountText, Pager } from "../list/Pager.tsx";
import { searchOf, withParams } from "../list/spec.ts";
import { useList } from "../list/use-list.ts";
import { AuditFilters } from "./AuditFilters.tsx";
import { EntryRow } from "./EntryRow.tsx";
import { AUDIT_LIST } from "./list-spec.ts";

type Props = { page: PageContext; initial: Loaded<AuditEntry>; members: readonly Member[] };

const NOUN = ["entry", "entries"] as const;

/** The island of the audit log. */
export function AuditPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Audit {...rest} />
    </PageProvider>
  );
}

function Audit({ initial, members }: Omit<Props, "page">) {
  const state = useList(AUDIT_LIST, initial);
  const href = useHref();
  const { list, error } = state.loaded;
  const rows = list?.data ?? [];
  return (
    <>
      <PageHeader title="Audit log">
        <ButtonLink
          href={`${href("audit/csv")}${searchOf(withParams(AUDIT_LIST, state.params, {}))}`}
          download
        >
          <Download aria-hidden="true" />
          CSV
        </ButtonLink>
      </PageHeader>
      <div className="relative flex flex-wrap items-center gap-2 border-line border-b px-4 pb-3 md:px-6">
        <AuditFilters state={state} members={members} />
        <LoadingBar active={state.loading} />
      </div>
      <p className="sr-only" role="status">
        {list && !state.loading ? (
          <CountText total={list.page.total} noun={NOUN} shown={rows.length} />
        ) : null}
      </p>
      {error ? <ListError state={state} error={error} /> : null}
      {list && rows.length === 0 ? (
        <ListEmpty
          state={state}
          noun="entries"
          icon={<ScrollText aria-hidden="true" />}
          first={null}
        />
      ) : null}
      {list && rows.length > 0 ? (
        <>
          <ul aria-label="Entries" className="[&>li:first-child]:border-t-0">
            {rows.map((entry) => (
              <EntryRow key={entry.id} entry={entry} />
            ))}
          </ul>
          <Pager state={state} page={list.page} shown={rows.length} noun={NOUN} />
        </>
      ) : null}
    </>
  );
}
