import { EVENT_TYPES, type EventType } from "../../../../functions/_shared/contracts/webhooks.ts";

const GROUPS: Record<string, string> = {
  order: "Orders",
  customer: "Customers",
  product: "Products",
  attachment: "Files",
  export: "Exports",
  member: "Team",
};

const words = (verb: string) => verb.replaceAll("_", " ");

/** The events in the groups that forms show: by what they are about. */
export const EVENT_GROUPS: readonly {
  name: string;
  label: string;
  events: readonly { type: EventType; label: string }[];
}[] = Object.entries(GROUPS).map(([name, label]) => ({
  name,
  label,
  events: EVENT_TYPES.filter((type) => type.startsWith(`${name}.`)).map((type) => ({
    type,
    label: words(type.slice(name.length + 1)),
  })),
}));

/** What an endpoint gets, in a few words. */
export function eventsLabel(events: readonly EventType[]): string {
  if (events.length === EVENT_TYPES.length) return "every event";
  return events.length <= 2 ? events.join(", ") : `${events.length} events`;
}
