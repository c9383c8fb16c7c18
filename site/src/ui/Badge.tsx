import type { ReactNode } from "react";
import { cn } from "./cn.ts";

export type Tone = "grey" | "amber" | "blue" | "violet" | "green" | "red" | "accent";

const TONES: Record<Tone, string> = {
  grey: "bg-grey-soft text-muted",
  amber: "bg-amber-soft text-amber-text",
  blue: "bg-blue-soft text-blue-text",
  violet: "bg-violet-soft text-violet-text",
  green: "bg-green-soft text-green-text",
  red: "bg-danger-soft text-danger-text",
  accent: "bg-accent-soft text-accent-text",
};

/** A short word on a coloured ground; the word carries the meaning, the colour repeats it. */
export function Badge({
  tone = "grey",
  dot,
  children,
}: {
  tone?: Tone;
  dot?: boolean;
  children: ReactNode;
}) {
  return (
    <span
      className={cn(
        "inline-flex h-5 items-center gap-1.5 whitespace-nowrap rounded-full px-2 font-medium text-xs",
        TONES[tone],
      )}
    >
      {dot ? <span className="size-1.5 rounded-full bg-current" aria-hidden="true" /> : null}
      {children}
    </span>
  );
}
