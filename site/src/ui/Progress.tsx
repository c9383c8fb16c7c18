import { cn } from "./cn.ts";

type Props = {
  label: string;
  /** How much is done, from 0 to 1; null while nobody knows. */
  value: number | null;
  className?: string;
};

/** How far something is that takes its time. */
export function Progress({ label, value, className }: Props) {
  const percent = value === null ? null : Math.round(Math.min(Math.max(value, 0), 1) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      className={cn("h-1.5 overflow-hidden rounded-full bg-grey-soft", className)}
    >
      <div
        className={cn(
          "h-full rounded-full bg-accent",
          percent === null
            ? "w-2/5 animate-[slide_1400ms_infinite_var(--ease-out)]"
            : "transition-[width] duration-300",
        )}
        style={percent === null ? undefined : { width: `${percent}%` }}
      />
    </div>
  );
}
