import { ChevronRight } from "lucide-react";
import type { AuditEntry } from "../../../../functions/_shared/contracts/audit.ts";
import { Badge } from "../../ui/Badge.tsx";
import { useHref } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { Changes } from "./Changes.tsx";
import { ACTIONS, actorName, DOORS, entityLabel, parentOf, recordPath } from "./words.ts";

/** One entry: a line that says who did what, and behind it from where and what changed. */
export function EntryRow({ entry }: { entry: AuditEntry }) {
  const { label, tone } = ACTIONS[entry.action];
  const { door } = entry.metadata;
  return (
    <li className="border-line border-t">
      <details className="group/entry">
        <summary className="flex cursor-pointer list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-sm hover:bg-hover [&::-webkit-details-marker]:hidden">
          <ChevronRight
            className="size-3.5 shrink-0 text-faint transition-transform group-open/entry:rotate-90 rtl:rotate-180"
            aria-hidden="true"
          />
          <Badge tone={tone}>{label}</Badge>
          <span className="font-medium">{entityLabel(entry.entity_type)}</span>
          <span className="min-w-0 flex-1 truncate text-muted">{gist(entry)}</span>
          <span className="min-w-0 max-w-full truncate text-muted">
            <bdi>{actorName(entry)}</bdi>
            {typeof door === "string" ? ` · ${DOORS[door] ?? door}` : ""}
          </span>
          <span className="text-faint text-xs">
            <DateTime value={entry.at} time />
          </span>
        </summary>
        <div className="flex flex-col gap-3 px-4 pb-4 ps-10">
          <Changes changes={entry.changes} currency={entry.metadata.currency} />
          <From entry={entry} />
        </div>
      </details>
    </li>
  );
}

/** What can be said of an entry in a few words. */
function gist({ action, changes, metadata }: AuditEntry): string {
  if (action === "refused") return String(metadata.reason ?? "");
  if (action === "sign_in_failed") return String(metadata.reason ?? "").replaceAll("_", " ");
  const named = ["number", "name", "label", "file_name", "recipient", "email"].find(
    (field) => changes[field] !== undefined,
  );
  const [before, after] = (named && changes[named]) || [];
  const name = action === "update" && before ? null : (after ?? before);
  if (typeof name === "string") return name;
  return Object.keys(changes).join(", ").replaceAll("_", " ");
}

function From({ entry }: { entry: AuditEntry }) {
  const href = useHref();
  const own = { type: entry.entity_type, id: entry.entity_id };
  const parent = parentOf(entry);
  const { door: _door, of: _of, currency: _currency, ...more } = entry.metadata;
  const link = ({ type, id }: { type: string; id: string }) => {
    const path = recordPath(type, id);
    return path === null ? (
      <span className="break-all">{id}</span>
    ) : (
      <a
        href={href(path)}
        className="break-all underline underline-offset-2 hover:text-accent-text"
      >
        {id}
      </a>
    );
  };
  const lines: [label: string, value: React.ReactNode][] = [
    [entityLabel(own.type), own.id === "" ? null : link(own)],
    [
      "Part of",
      parent && (parent.type !== own.type || parent.id !== own.id) ? (
        <>
          {entityLabel(parent.type)} {link(parent)}
        </>
      ) : null,
    ],
    ["Address", entry.ip],
    ["Program", entry.user_agent],
    ["Request", entry.request_id],
    ...Object.entries(more).map(([name, value]): [string, string] => [
      name.replaceAll("_", " "),
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  ];
  return (
    <dl className="grid grid-cols-[minmax(5rem,auto)_1fr] gap-x-4 gap-y-0.5 text-xs">
      {lines.map(([label, value]) =>
        value === null ? null : (
          <div key={label} className="contents">
            <dt className="text-faint first-letter:uppercase">{label}</dt>
            <dd className="break-words text-muted">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
