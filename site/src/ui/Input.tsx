import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./cn.ts";

const SINGLE_LINE = "control h-9 w-full min-w-0 px-2.5 text-base pointer-coarse:h-11";

/** A field of one line. */
export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input dir="auto" {...rest} className={cn(SINGLE_LINE, className)} />;
}

/** A field of several lines, that grows with its text. */
export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea
      dir="auto"
      rows={3}
      {...rest}
      className={cn(
        "control field-sizing-content min-h-20 w-full px-2.5 py-2 text-base",
        className,
      )}
    />
  );
}

/** The browser's own select: keyboard, screen reader and phone wheel come with it. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select {...rest} className={cn(SINGLE_LINE, className)} />;
}

/** A check box alone; whoever uses it says what it means. */
export function Checkbox({ className, ...rest }: ComponentProps<"input">) {
  return (
    <input
      type="checkbox"
      {...rest}
      className={cn("size-4 shrink-0 rounded-sm accent-accent pointer-coarse:size-5", className)}
    />
  );
}

/** A check box and what checking it means; the whole line is the target. */
export function CheckLine({
  children,
  ...rest
}: ComponentProps<"input"> & { children: ReactNode }) {
  const id = useId();
  return (
    <label
      htmlFor={id}
      className="flex min-h-8 items-center gap-2.5 rounded-md px-1.5 text-sm hover:bg-hover pointer-coarse:min-h-11"
    >
      <Checkbox {...rest} id={id} />
      {children}
    </label>
  );
}
