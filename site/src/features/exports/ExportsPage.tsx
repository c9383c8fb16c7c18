import { CloudOff, FileDown } from "lucide-react";
import type { Export } from "../../../../functions/_shared/contracts/exports.ts";
import type { List } from "../../lib/api/resources.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useHref } from "../../ui/context.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { ExportRow } from "./ExportRow.tsx";
import { useEnded } from "./use-ended.ts";
import { useExports } from "./use-exports.ts";

type Props = {
  page: PageContext;
  /** Null when they could not be fetched. */
  initial: List<Export> | null;
};

export function ExportsPage({ page, initial }: Props) {
  return (
    <PageProvider page={page}>
      <Exports initial={initial} />
    </PageProvider>
  );
}

function Exports({ initial }: Pick<Props, "initial">) {
  const href = useHref();
  const { exports, failure, loading, refresh, cancel, retry, more } = useExports(initial);
  const said = useEnded(exports);
  return (
    <>
      <PageHeader title="Exports" />
      <p className="sr-only" role="status">
        {said}
      </p>
      <div className="px-4 pb-10 md:px-6">
        {exports !== null && failure ? (
          <Notice kind="warning" title="Not up to date." className="mb-4">
            {failure}
          </Notice>
        ) : null}
        {exports === null ? (
          <div role="alert">
            <EmptyState
              icon={<CloudOff aria-hidden="true" />}
              title="The exports could not be loaded"
              action={<Button onClick={() => void refresh()}>Try again</Button>}
            >
              {failure}
            </EmptyState>
          </div>
        ) : null}
        {exports?.length === 0 ? (
          <EmptyState
            icon={<FileDown aria-hidden="true" />}
            title="No exports yet"
            action={<ButtonLink href={href("orders")}>Go to the orders</ButtonLink>}
          >
            Every list has a button that makes a file of it. The files are kept here for a while.
          </EmptyState>
        ) : null}
        {exports && exports.length > 0 ? (
          <ul aria-label="Exports" className="panel overflow-hidden [&>li:first-child]:border-t-0">
            {exports.map((one) => (
              <ExportRow key={one.id} export={one} onCancel={cancel} onRetry={retry} />
            ))}
          </ul>
        ) : null}
        {more ? (
          <Button className="mt-4" busy={loading} onClick={() => void more()}>
            Show older
          </Button>
        ) : null}
      </div>
    </>
  );
}
