import type { SentEmail } from "../../../../functions/_shared/contracts/jobs.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { useHref } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";

const STATUS: Record<SentEmail["status"], { label: string; tone: Tone }> = {
  queued: { label: "Waiting", tone: "grey" },
  sent: { label: "Sent", tone: "green" },
  failed: { label: "Not sent", tone: "red" },
};

const TEMPLATES: Record<string, string> = {
  invitation: "Invitation",
  export_ready: "Export is ready",
  order_confirmation: "Order confirmation",
  webhook_disabled: "Webhook was turned off",
};

/** One mail: what it is, who it is for, how it stands and what the mail server said of it. */
export function EmailRow({ email }: { email: SentEmail }) {
  const href = useHref();
  const { template, recipient, status, response, subject, created_at, sent_at } = email;
  const tone = status === "failed" ? "text-danger-text" : "text-faint";
  const retrying = status === "queued" && response !== null;
  return (
    <li className="border-line border-t px-4 py-3 text-sm md:px-5">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <span className="font-medium">{TEMPLATES[template] ?? template}</span>
        <Badge tone={retrying ? "amber" : STATUS[status].tone} dot>
          {retrying ? "Will be tried again" : STATUS[status].label}
        </Badge>
        {typeof subject.order_id === "string" ? (
          <a className="link" href={href(`orders/${subject.order_id}`)}>
            Show the order
          </a>
        ) : null}
      </p>
      <p className="mt-0.5 text-muted text-xs">
        To <bdi className="break-all text-ink">{recipient}</bdi> ·{" "}
        <DateTime value={sent_at ?? created_at} time />
      </p>
      {response ? (
        <p className={`mt-1 break-words text-xs ${tone}`} dir="auto">
          {response}
        </p>
      ) : null}
    </li>
  );
}
