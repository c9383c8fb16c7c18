import { RotateCcw, X } from "lucide-react";
import type { Job, JobState } from "../../../../functions/_shared/contracts/jobs.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { DateTime } from "../../ui/Values.tsx";

const STATES: Record<JobState, { label: string; tone: Tone }> = {
  queued: { label: "Waiting", tone: "grey" },
  scheduled: { label: "Planned", tone: "violet" },
  running: { label: "Running", tone: "blue" },
  retrying: { label: "Will be tried again", tone: "amber" },
  failed: { label: "Failed", tone: "red" },
};

const TASKS: Record<string, string> = {
  export_records: "Make an export",
  send_email: "Send a mail",
  delete_object: "Delete a file",
  make_preview: "Make a preview",
};

/** `purge_trash` is "Purge trash" where there is no better word for it. */
function taskLabel(task: string): string {
  const words = task.replaceAll("_", " ");
  return TASKS[task] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

type Act = (job: Job) => Promise<void>;
type Props = { job: Job; disabled: boolean; onRetry: Act; onCancel: Act };

/** One job: what it does, how it stands, and what an admin can do about it. */
export function JobRow({ job, disabled, onRetry, onCancel }: Props) {
  const { task, state, attempts, max_attempts, last_error, next_attempt_at, created_at } = job;
  const label = taskLabel(task);
  const words =
    state === "failed" ? { run: "Try again", end: "Dismiss" } : { run: "Run now", end: "Cancel" };
  const waits = state === "scheduled" || state === "retrying";
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-t px-4 py-3 text-sm md:px-5">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium">{label}</span>
          <Badge tone={STATES[state].tone} dot>
            {STATES[state].label}
          </Badge>
        </p>
        <p className="mt-0.5 text-faint text-xs">
          <span className="numeric">
            {attempts === 0 ? "Not tried yet" : `Attempt ${attempts} of ${max_attempts}`}
          </span>{" "}
          · since <DateTime value={created_at} time />
          {waits && next_attempt_at ? (
            <>
              {" "}
              · next <DateTime value={next_attempt_at} time />
            </>
          ) : null}
        </p>
        {last_error ? (
          <p className="mt-1 break-words text-danger-text text-xs" dir="auto">
            {last_error}
          </p>
        ) : null}
      </div>
      {state === "running" ? null : (
        <div className="flex gap-2">
          <Button
            disabled={disabled}
            aria-label={`${words.run}: ${label}`}
            onClick={() => void onRetry(job)}
          >
            <RotateCcw aria-hidden="true" />
            {words.run}
          </Button>
          <Button
            disabled={disabled}
            aria-label={`${words.end}: ${label}`}
            onClick={() => void onCancel(job)}
          >
            <X aria-hidden="true" />
            {words.end}
          </Button>
        </div>
      )}
    </li>
  );
}
