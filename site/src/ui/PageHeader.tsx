import type { ReactNode } from "react";

/** The head of a page: where one is, and what can be done here. */
export function PageHeader({
  title,
  before,
  children,
}: {
  title: ReactNode;
  before?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 md:px-6">
      {before}
      <h1 className="min-w-44 flex-1 truncate font-semibold text-lg" dir="auto">
        {title}
      </h1>
      <div className="flex items-center gap-2">{children}</div>
    </header>
  );
}
