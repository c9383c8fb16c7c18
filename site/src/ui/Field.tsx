import { type ReactNode, useId } from "react";
import { cn } from "./cn.ts";

/** What a control inside a Field must carry so that label, hint and error belong to it. */
export type FieldControl = {
  id: string;
  "aria-invalid": true | undefined;
  "aria-describedby": string | undefined;
};

type Props = {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  optional?: boolean;
  className?: string;
  children: (control: FieldControl) => ReactNode;
};

/** A labelled control with its hint and its error. */
export function Field({ label, hint, error, optional = false, className, children }: Props) {
  const id = useId();
  const noteId = `${id}-note`;
  return (
    <div className={cn("flex min-w-0 flex-col gap-1.5", className)}>
      <label htmlFor={id} className="flex items-baseline justify-between font-medium text-sm">
        {label}
        {optional ? <span className="font-normal text-faint text-xs">Optional</span> : null}
      </label>
      {children({
        id,
        "aria-invalid": error ? true : undefined,
        "aria-describedby": error || hint ? noteId : undefined,
      })}
      <FieldNote id={noteId} hint={hint} error={error} />
    </div>
  );
}

function FieldNote({
  id,
  hint,
  error,
}: {
  id: string;
  hint: string | undefined;
  error: string | undefined;
}) {
  if (error) {
    return (
      <p id={id} className="text-danger-text text-xs" role="alert">
        {error}
      </p>
    );
  }
  return hint ? (
    <p id={id} className="text-faint text-xs">
      {hint}
    </p>
  ) : null;
}
