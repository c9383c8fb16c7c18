import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./cn.ts";

const KINDS = {
  info: { look: "bg-accent-soft text-accent-text", Icon: Info },
  warning: { look: "bg-amber-soft text-amber-text", Icon: TriangleAlert },
  danger: { look: "bg-danger-soft text-danger-text", Icon: CircleAlert },
};

type Props = {
  kind?: keyof typeof KINDS;
  title?: string;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
};

/** A message that belongs to the page it stands on. A `danger` is announced as soon as it appears. */
export function Notice({ kind = "info", title, children, action, className }: Props) {
  const { look, Icon } = KINDS[kind];
  return (
    <div
      role={kind === "danger" ? "alert" : undefined}
      className={cn(
        "flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg px-3.5 py-2.5 text-sm",
        look,
        className,
      )}
    >
      <Icon className="size-4 shrink-0" aria-hidden="true" />
      <div className="min-w-40 flex-1">
        {title ? <span className="font-medium">{title} </span> : null}
        {children}
      </div>
      {action}
    </div>
  );
}
