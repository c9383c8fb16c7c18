import type { ReactNode } from "react";

/** What is known of a record, name by name. */
export function Details({ children }: { children: ReactNode }) {
  return (
    <section aria-labelledby="record-details" className="panel px-4 py-4 text-sm">
      <h2 id="record-details" className="mb-3 font-semibold text-sm">
        Details
      </h2>
      <dl className="flex flex-col gap-3">{children}</dl>
    </section>
  );
}

/** One thing that is known; nothing for null. */
export function Row({ label, children }: { label: string; children: ReactNode }) {
  if (children === null) return null;
  return (
    <div>
      <dt className="text-faint text-xs">
        <bdi>{label}</bdi>
      </dt>
      <dd className="mt-0.5 whitespace-pre-line break-words" dir="auto">
        {children}
      </dd>
    </div>
  );
}
