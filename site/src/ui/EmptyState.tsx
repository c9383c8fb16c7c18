import type { ReactNode } from "react";

/** What stands where nothing else does: why it is empty, and what to do about it. */
export function EmptyState(props: {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-16 text-center">
      <span className="mb-4 flex size-11 items-center justify-center rounded-xl border border-line bg-sunken text-faint shadow-control [&_svg]:size-5">
        {props.icon}
      </span>
      <p className="font-medium text-base">{props.title}</p>
      {props.children ? <p className="mt-1 max-w-sm text-muted text-sm">{props.children}</p> : null}
      {props.action ? <div className="mt-5 flex gap-2">{props.action}</div> : null}
    </div>
  );
}
