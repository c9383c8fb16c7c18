import type { TimelineEntry } from "../../../../functions/_shared/contracts/timeline.ts";
import { DateTime } from "../../ui/Values.tsx";
import { ChangeLines } from "../audit/Changes.tsx";
import type { FieldChanges } from "../audit/changed-fields.ts";

/** What happened to a record, newest first. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <section aria-labelledby="timeline" className="panel px-4 py-4 text-sm">
      <h2 id="timeline" className="mb-3 font-semibold text-sm">
        Timeline
      </h2>
      {entries.length === 0 ? <p className="text-muted">Nothing yet.</p> : null}
      <ol className="flex flex-col">
        {entries.map((entry, index) => (
          <li
            key={`${entry.at}-${entry.kind}-${entries.length - index}`}
            className="group relative flex gap-3 pb-4 last:pb-0"
          >
            <span
              className="absolute start-[3px] top-3 bottom-0 w-px bg-line group-last:hidden"
              aria-hidden="true"
            />
            <span
              className="mt-1.5 size-1.75 shrink-0 rounded-full bg-control"
              aria-hidden="true"
            />
            <div className="min-w-0">
              <p className="break-words">{entry.summary}</p>
              <ChangeLines changes={told(entry)} currency={entry.currency} />
              <p className="text-faint text-xs">
                <bdi>{actorName(entry)}</bdi> · <DateTime value={entry.at} time />
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The changes that say more than the summary: not the status, and no ids, which nobody reads. */
function told({ changes }: TimelineEntry): FieldChanges {
  const fields = Object.entries(changes ?? {});
  return Object.fromEntries(fields.filter(([name]) => name !== "status" && !name.endsWith("_id")));
}

function actorName({ actor }: TimelineEntry): string {
  return actor.name ?? actor.email ?? (actor.kind === "system" ? "System" : "Somebody");
}
