import type { EventType } from "../../../../functions/_shared/contracts/webhooks.ts";
import { CheckLine } from "../../ui/Input.tsx";
import { EVENT_GROUPS } from "./events.ts";

type Props = {
  chosen: ReadonlySet<EventType>;
  error: string | undefined;
  onChange: (chosen: Set<EventType>) => void;
};

/** Which events an endpoint gets: one by one, or all about one thing. */
export function EventChoice({ chosen, error, onChange }: Props) {
  function set(events: readonly EventType[], on: boolean) {
    const next = new Set(chosen);
    for (const event of events) on ? next.add(event) : next.delete(event);
    onChange(next);
  }
  return (
    <fieldset aria-describedby={error ? "events-error" : undefined}>
      <legend className="mb-1 font-medium text-sm">Events</legend>
      {error ? (
        <p id="events-error" role="alert" className="mb-1 text-danger-text text-xs">
          {error}
        </p>
      ) : null}
      <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
        {EVENT_GROUPS.map(({ name, label, events }) => {
          const types = events.map(({ type }) => type);
          const all = types.every((type) => chosen.has(type));
          return (
            <fieldset key={name} className="min-w-0">
              <legend className="sr-only">{label}</legend>
              <CheckLine checked={all} onChange={() => set(types, !all)}>
                <span className="font-medium">{label}</span>
              </CheckLine>
              <div className="ms-6">
                {events.map((event) => (
                  <CheckLine
                    key={event.type}
                    checked={chosen.has(event.type)}
                    onChange={({ target }) => set([event.type], target.checked)}
                  >
                    <span className="sr-only">{label}: </span>
                    {event.label}
                  </CheckLine>
                ))}
              </div>
            </fieldset>
          );
        })}
      </div>
    </fieldset>
  );
}
