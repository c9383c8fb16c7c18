import { CloudOff, MailCheck } from "lucide-react";
import type { SentEmail } from "../../../../functions/_shared/contracts/jobs.ts";
import type { List } from "../../lib/api/resources.ts";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useHref } from "../../ui/context.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { EmailRow } from "./EmailRow.tsx";
import { useEmails } from "./use-emails.ts";

type Props = {
  page: PageContext;
  /** Null when they could not be fetched. */
  initial: List<SentEmail> | null;
};

export function EmailsPage({ page, initial }: Props) {
  return (
    <PageProvider page={page}>
      <Emails initial={initial} />
    </PageProvider>
  );
}

function Emails({ initial }: Pick<Props, "initial">) {
  const href = useHref();
  const { emails, busy, failure, refresh, more } = useEmails(initial);
  const retry = (
    <Button busy={busy} onClick={() => void refresh()}>
      Try again
    </Button>
  );
  return (
    <>
      <PageHeader title="Sent mail" />
      <div className="px-4 pb-10 md:px-6">
        {emails !== null && failure ? (
          <Notice kind="warning" title="Not up to date." className="mb-4" action={retry}>
            {failure}
          </Notice>
        ) : null}
        {emails === null ? (
          <div role="alert">
            <EmptyState
              icon={<CloudOff aria-hidden="true" />}
              title="The mails could not be loaded"
              action={retry}
            >
              {failure}
            </EmptyState>
          </div>
        ) : null}
        {emails?.length === 0 ? (
          <EmptyState icon={<MailCheck aria-hidden="true" />} title="No mail yet">
            Invitations, order confirmations and other mails stand here, with what the mail server
            said of them.
          </EmptyState>
        ) : null}
        {emails && emails.length > 0 ? (
          <>
            <ul aria-label="Mails" className="panel overflow-hidden [&>li:first-child]:border-t-0">
              {emails.map((email) => (
                <EmailRow key={email.id} email={email} />
              ))}
            </ul>
            <p className="mt-3 text-faint text-xs">
              “Sent” means that your mail server took it. What was not sent can be tried again under{" "}
              <a className="link" href={href("jobs")}>
                Jobs
              </a>
              .
            </p>
          </>
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
