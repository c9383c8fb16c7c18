/** Wall-clock minutes of a time zone (`2026-01-31T09:30`), to and from instants. */

/** `2026-01-31T09:30` in the zone, as `<input type="datetime-local">` wants it. */
export function toWallClock(iso: string, timeZone: string): string {
  const instant = Date.parse(iso);
  return new Date(instant + offsetAt(instant, timeZone)).toISOString().slice(0, 16);
}

/** The instant at which the zone's clocks show `2026-01-31T09:30`, RFC 3339. */
export function fromWallClock(wall: string, timeZone: string): string {
  const asUtc = Date.parse(`${wall}Z`);
  const first = asUtc - offsetAt(asUtc, timeZone);
  return new Date(asUtc - offsetAt(first, timeZone)).toISOString();
}

/** How far the zone's clocks are ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" })
    .formatToParts(instant)
    .find(({ type }) => type === "timeZoneName");
  const match = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(parts?.value ?? "");
  if (!match) return 0;
  const [, sign, hours, minutes, seconds = "0"] = match;
  const size = (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
  return sign === "-" ? -size : size;
}
