import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

const SINGLE_LINE = "control h-9 w-full min-w-0 px-2.5 text-base pointer-coarse:h-11";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input dir="auto" {...rest} className={cn(SINGLE_LINE, className)} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea
      dir="auto"
      rows={3}
      {...rest}
      className={cn("control field-sizing-content min-h-20 w-full px-2.5 py-2 text-base", className)}
    />
  );
}

/** The browser's own select: keyboard, screen reader and phone wheel come with it. */
export function Select({ className, children, ...rest }: ComponentProps<"select">) {
  return (
    <span className={cn("relative flex", className)}>
      <select {...rest} className={cn(SINGLE_LINE, "appearance-none pe-8")}>
        {children}
      </select>
      <ChevronDown
        className="pointer-events-none absolute inset-e-2.5 top-1/2 size-3.5 -translate-y-1/2 text-faint"
        aria-hidden="true"
      />
    </span>
  );
}

export function Checkbox({ className, ...rest }: ComponentProps<"input">) {
  return (
    <input
      type="checkbox"
      {...rest}
      className={cn("size-4 shrink-0 rounded-sm accent-accent pointer-coarse:size-5", className)}
    />
  );
}
