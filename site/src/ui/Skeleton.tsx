import { cn } from "./cn.ts";

/** The place of something that is being fetched. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <div
      className={cn("animate-[pulse_1.6s_infinite] rounded-md bg-hover", className)}
      aria-hidden="true"
    />
  );
}
