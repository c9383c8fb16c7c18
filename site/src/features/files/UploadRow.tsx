import { CircleAlert, RotateCcw, Upload as UploadIcon, X } from "lucide-react";
import { formatBytes, formatNumber } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { usePage } from "../../ui/context.tsx";
import { Progress } from "../../ui/Progress.tsx";
import type { Upload } from "./use-uploads.ts";

type Props = {
  upload: Upload;
  onRetry: (key: number) => void;
  onDismiss: (key: number) => void;
};

/** One file on its way, or why it did not arrive. */
export function UploadRow({ upload, onRetry, onDismiss }: Props) {
  const { locale } = usePage();
  const { key, name, size, progress, refusal } = upload;
  const whole = progress === 1;
  const state =
    progress === null
      ? "waiting"
      : whole
        ? "being checked"
        : `${formatNumber(progress * 100, locale, 0)} %`;
  return (
    <li className="flex items-center gap-3 border-line border-t px-4 py-2 text-sm md:px-5">
      <span
        className="flex size-10 shrink-0 items-center justify-center rounded-md bg-sunken text-faint [&_svg]:size-4.5"
        aria-hidden="true"
      >
        {refusal ? <CircleAlert className="text-danger-text" /> : <UploadIcon />}
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline justify-between gap-3">
          <bdi className="truncate font-medium">{name}</bdi>
          {refusal ? null : (
            <span className="numeric shrink-0 text-faint text-xs">
              {formatBytes(size, locale)} · {state}
            </span>
          )}
        </p>
        {refusal ? (
          <p className="text-danger-text text-xs" role="alert">
            {refusal.text}
          </p>
        ) : (
          <Progress
            label={`Upload of ${name}`}
            value={progress === null ? 0 : whole ? null : progress}
            className="mt-1.5"
          />
        )}
      </div>
      <div className="flex">
        {refusal?.hopeful ? (
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Try ${name} again`}
            onClick={() => onRetry(key)}
          >
            <RotateCcw aria-hidden="true" />
          </Button>
        ) : null}
        <Button
          variant="ghost"
          size="icon"
          aria-label={refusal ? `Dismiss ${name}` : `Cancel the upload of ${name}`}
          onClick={() => onDismiss(key)}
        >
          <X aria-hidden="true" />
        </Button>
      </div>
    </li>
  );
}
