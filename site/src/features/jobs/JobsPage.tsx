import { CircleCheck, CloudOff } from "lucide-react";
import type { Job } from "../../../../functions/_shared/contracts/jobs.ts";
import type { List } from "../../lib/api/resources.ts";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider } from "../../ui/context.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { JobRow } from "./JobRow.tsx";
import { useJobs } from "./use-jobs.ts";

type Props = {
  page: PageContext;
  /** Null when they could not be fetched. */
  initial: List<Job> | null;
};

export function JobsPage({ page, initial }: Props) {
  return (
    <PageProvider page={page}>
      <Jobs initial={initial} />
    </PageProvider>
  );
}

function Jobs({ initial }: Pick<Props, "initial">) {
  const { jobs, busy, failure, refresh, retry, cancel, more } = useJobs(initial);
  return (
    <>
      <PageHeader title="Jobs" />
      <div className="px-4 pb-10 md:px-6">
        {jobs !== null && failure ? (
          <Notice kind="warning" title="Not up to date." className="mb-4">
            {failure}
          </Notice>
        ) : null}
        {jobs === null ? (
          <div role="alert">
            <EmptyState
              icon={<CloudOff aria-hidden="true" />}
              title="The jobs could not be loaded"
              action={<Button onClick={() => void refresh()}>Try again</Button>}
            >
              {failure}
            </EmptyState>
          </div>
        ) : null}
        {jobs?.length === 0 ? (
          <EmptyState icon={<CircleCheck aria-hidden="true" />} title="Nothing is waiting">
            Mails, exports and cleaning up are done in the background. Jobs that wait, run or have
            failed are listed here.
          </EmptyState>
        ) : null}
        {jobs && jobs.length > 0 ? (
          <ul aria-label="Jobs" className="panel overflow-hidden [&>li:first-child]:border-t-0">
            {jobs.map((job) => (
              <JobRow key={job.id} job={job} disabled={busy} onRetry={retry} onCancel={cancel} />
            ))}
          </ul>
        ) : null}
        {more ? (
          <Button className="mt-4" busy={busy} onClick={() => void more()}>
            Show older
          </Button>
        ) : null}
      </div>
    </>
  );
}
