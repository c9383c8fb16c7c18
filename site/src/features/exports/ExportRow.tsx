import { Download, RotateCcw, X } from "lucide-react";
import { useState } from "react";
import type { Export } from "../../../../functions/_shared/contracts/exports.ts";
import { formatBytes, formatNumber } from "../../lib/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { useHref, usePage } from "../../ui/context.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { FORMATS, isUnderWay, rowsLabel, STATUS } from "./labels.ts";

/** Answers whether it was done. */
type Act = (one: Export) => Promise<boolean>;
type Props = { export: Export; onCancel: Act; onRetry: Act };

/** One export: what it is of, how far it is, and what can be done with it. */
export function ExportRow({ export: one, onCancel, onRetry }: Props) {
  const { file_name, status, format, created_at, error } = one;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-t px-4 py-3 text-sm md:px-5">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex items-center gap-2.5">
          <bdi className="truncate font-medium">{file_name}</bdi>
          <Badge tone={STATUS[status].tone} dot>
            {STATUS[status].label}
          </Badge>
        </p>
        <p className="mt-0.5 text-faint text-xs">
          {rowsLabel(one)} · {FORMATS[format].label} · <DateTime value={created_at} time />
        </p>
        <Outcome export={one} />
        {error ? (
          <p className="mt-1 break-words text-danger-text text-xs" dir="auto">
            {error}
            {isUnderWay(one) ? " It is tried again by itself." : ""}
          </p>
        ) : null}
      </div>
      <Actions key={status} export={one} onCancel={onCancel} onRetry={onRetry} />
    </li>
  );
}

/** How far it is while it is made; how large it is and how long it is kept once it is there. */
function Outcome({ export: one }: { export: Export }) {
  const { locale } = usePage();
  const { status, file_name, byte_size, expires_at, progress } = one;
  const { done, total } = progress;
  const number = (value: number) => formatNumber(value, locale);
  if (isUnderWay(one)) {
    const share = total === null ? null : total === 0 ? 1 : done / total;
    return (
      <div className="mt-2 flex max-w-md items-center gap-3">
        <Progress
          label={`Progress of ${file_name}`}
          value={status === "queued" ? 0 : share}
          className="flex-1"
        />
        <span className="numeric text-faint text-xs" suppressHydrationWarning>
          {status === "queued"
            ? "Waits for its turn"
            : total === null
              ? "Counting…"
              : `${number(done)} of ${number(total)} rows`}
        </span>
      </div>
    );
  }
  if (status === "expired") {
    return (
      <p className="mt-0.5 text-faint text-xs">
        The file was deleted{" "}
        {expires_at ? (
          <>
            on <DateTime value={expires_at} />
          </>
        ) : null}
        . Export the list again to have a new one.
      </p>
    );
  }
  if (status !== "succeeded") return null;
  return (
    <p className="numeric mt-0.5 text-faint text-xs" suppressHydrationWarning>
      {number(done)} {done === 1 ? "row" : "rows"}
      {byte_size === null ? null : ` · ${formatBytes(byte_size, locale)}`}
      {expires_at ? (
        <>
          {" "}
          · kept until <DateTime value={expires_at} time />
        </>
      ) : null}
    </p>
  );
}

function Actions({ export: one, onCancel, onRetry }: Props) {
  const href = useHref();
  const [asked, setAsked] = useState(false);
  const { id, status, file_name } = one;
  async function act(work: Act) {
    setAsked(true);
    if (!(await work(one))) setAsked(false);
  }
  if (status === "succeeded") {
    return (
      <ButtonLink href={href(`exports/${id}`)} aria-label={`Download ${file_name}`}>
        <Download aria-hidden="true" />
        Download
      </ButtonLink>
    );
  }
  if (isUnderWay(one)) {
    // One that runs is stopped a moment later: until then it is shown as being cancelled.
    return (
      <Button busy={asked} onClick={() => void act(onCancel)} aria-label={`Cancel ${file_name}`}>
        {asked ? null : <X aria-hidden="true" />}
        {asked ? "Cancelling" : "Cancel"}
      </Button>
    );
  }
  if (status === "expired") return null;
  return (
    <Button busy={asked} onClick={() => void act(onRetry)} aria-label={`Try ${file_name} again`}>
      {asked ? null : <RotateCcw aria-hidden="true" />}
      Try again
    </Button>
  );
}
